import { html } from 'htm/preact'
import { plain } from '../format.js'
import { Level, Outcome } from './badges.js'
import { EntityLink } from './entity.js'
import { Time } from './time.js'
import { link } from '../route.js'

/** @typedef {import('../../decision-row.ts').DecisionSummary} DecisionSummary */

/** Decisions, newest first. On a narrow screen each row becomes a card. @param {{ decisions: readonly DecisionSummary[], tenant: string }} props */
export function DecisionTable({ decisions, tenant }) {
  return html`<table class="decisions">
    <thead>
      <tr>
        <th scope="col" class="c-when">Time</th>
        <th scope="col" class="c-outcome">Outcome</th>
        <th scope="col">Who</th>
        <th scope="col" class="c-what">What</th>
        <th scope="col" class="c-from">From</th>
        <th scope="col" class="c-risk">Risk then</th>
        <th scope="col" class="c-why"><span class="hidden-text">Explanation</span></th>
      </tr>
    </thead>
    <tbody>
      ${decisions.map((decision) => html`<${DecisionLine} key=${decision.id} decision=${decision} tenant=${tenant} />`)}
    </tbody>
  </table>`
}

/** @param {{ decision: DecisionSummary, tenant: string }} props */
function DecisionLine({ decision, tenant }) {
  const anonymous = decision.subject_type === 'anonymous'
  const subject = { type: 'subject', id: `${decision.subject_type}:${decision.subject_id}` }
  return html`<tr>
    <td class="when"><${Time} at=${decision.decided_at} /></td>
    <td class="outcome"><${Outcome} outcome=${decision.outcome} wouldBe=${decision.would_be} /></td>
    <td class="who-cell">
      ${anonymous ? html`<span class="muted">not signed in</span>` : html`<${EntityLink} entity=${subject} tenant=${tenant} bare=${decision.subject_type === 'user'} />`}
    </td>
    <td class="what">
      <span class="mono">${plain(whatOf(decision))}</span>${
        decision.resource_app && html` <span class="muted">${decision.resource_app}</span>`
      }
    </td>
    <td class="from">
      <span class="mono">${decision.context_ip ?? ''}</span> <span class="muted">${placeOf(decision)}</span>
    </td>
    <td class="risk">
      ${
        decision.risk_at_decision_level &&
        html`<${Level}
          calm=${true}
          level=${decision.risk_at_decision_level}
          score=${decision.risk_at_decision_score}
        />`
      }
    </td>
    <td class="why">
      <a
        href=${link(['decisions', decision.id], { tenant })}
        aria-label=${`Why was ${decision.id} decided so?`}
        >Why?</a
      >
    </td>
  </tr>`
}

/** @param {DecisionSummary} decision */
function whatOf(decision) {
  if (decision.context_http_path)
    return `${decision.context_http_method ?? decision.action_name} ${decision.context_http_path}`
  return `${decision.action_name} ${decision.resource_id}`
}

/** @param {DecisionSummary} decision */
function placeOf(decision) {
  return [decision.enrichment_source_city, decision.enrichment_source_country].filter(Boolean).join(', ')
}
