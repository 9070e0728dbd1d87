import { html } from 'htm/preact'
import { number, plain } from '../format.js'
import { Level } from './badges.js'
import { EntityLink } from './entity.js'

/** @typedef {import('../../explanation.ts').Explanation['decision']} Decision */

/** What was asked, by whom, from where, and by which rule it was decided. @param {{ decision: Decision }} props */
export function RequestFacts({ decision }) {
  const { tenant } = decision
  const to = (/** @type {string} */ type, /** @type {string | undefined} */ id, beside = '') =>
    id &&
    html`<span class="row">
      <${EntityLink} entity=${{ type, id }} tenant=${tenant} bare=${type !== 'subject'} />
      ${beside && html`<span>${beside}</span>`}
    </span>`
  const mono = (/** @type {string | undefined} */ text) =>
    text && html`<span class="mono">${plain(text)}</span>`
  const enforcement = decision.policy_enforcement ? `, ${decision.policy_enforcement}s risk` : ''
  /** @type {Array<[name: string, value: unknown]>} */
  const rows = [
    ['Subject', to('subject', `${decision.subject_type}:${decision.subject_id}`)],
    ['Action', decision.action_name],
    ['Resource', mono(`${decision.resource_type} ${decision.resource_id}`)],
    ['Application', decision.resource_app],
    [
      'Request',
      mono(join(' ', decision.context_http_method, decision.context_http_host, decision.context_http_path)),
    ],
    ['Address', mono(decision.context_ip)],
    ['Network', to('source', decision.enrichment_source_prefix, decision.enrichment_source_as_org)],
    ['Place', placeOf(decision)],
    ['Client', join(' on ', decision.enrichment_user_agent_family, decision.enrichment_user_agent_os)],
    ['Device', to('device', decision.device_id, decision.device_tier?.replaceAll('_', ' '))],
    ['Session', to('session', decision.subject_session_id)],
    ['Route', decision.policy_route_id && `${decision.policy_route_id}${enforcement}`],
    ['Rule', decision.policy_rule_id],
    ['Policy revision', mono(decision.policy_revision?.slice(0, 16))],
    [
      'Risk then',
      decision.risk_at_decision_level &&
        html`<${Level} level=${decision.risk_at_decision_level} score=${decision.risk_at_decision_score} />`,
    ],
    ['Decided in', decision.latency_us !== undefined && `${number(decision.latency_us / 1000)} ms`],
  ]
  return html`<dl class="facts">
    ${rows
      .filter(([, value]) => value)
      .map(
        ([name, value]) =>
          html`<dt key=${name}>${name}</dt>
            <dd>${value}</dd>`,
      )}
  </dl>`
}

/** @param {string} separator @param {...(string | undefined)} parts */
function join(separator, ...parts) {
  return parts.filter(Boolean).join(separator)
}

/** City, region and country, without saying a city-state thrice. @param {Decision} decision */
function placeOf(decision) {
  const {
    enrichment_source_city: city,
    enrichment_source_region: region,
    enrichment_source_country: country,
  } = decision
  return join(', ', city, region === city ? undefined : region, country)
}
