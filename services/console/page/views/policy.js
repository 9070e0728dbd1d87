import { html } from 'htm/preact'
import { useApi, useTitle } from '../hooks.js'
import { Outcome } from '../parts/badges.js'
import { EntityLink } from '../parts/entity.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { Time } from '../parts/time.js'
import { policyUsage } from '../questions.js'
import { link, replaceQuery } from '../route.js'

/** @typedef {import('../../policy/routes.ts').PolicyInForce} PolicyInForce */

const ranges = ['7', '30', '90']

/** What a policy does to people, and what of it nobody uses: for those who write it. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function PolicyView({ route, tenant }) {
  useTitle('Policy')
  const days = ranges.find((each) => each === route.query.get('days')) ?? '30'
  const loaded = useApi(policyUsage({ tenant, days }))
  const { data } = loaded

  return html`<div class="stack">
    <div class="row spread">
      <h1>Policy in use</h1>
      <div class="toggle" role="group" aria-label="Days">
        ${ranges.map(
          (each) =>
            html`<button
              key=${each}
              type="button"
              aria-pressed=${days === each}
              onClick=${() => replaceQuery(route, { days: each === '30' ? undefined : each })}
            >
              ${each} days
            </button>`,
        )}
      </div>
    </div>
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    ${!data && !loaded.error && html`<${Loading} what="how the policy is used" />`}
    ${
      data?.policies.length === 0 &&
      html`<section class="panel">
        <${Empty} title="No policy is in force here."
          >A gateway publishes its policy when it starts; this page then says whom it blocks and what of it
          nobody uses.<//
        >
      </section>`
    }
    ${data?.policies.map(
      (policy) =>
        html`<${InForce}
          key=${policy.policy}
          policy=${policy}
          tenant=${tenant}
          days=${data.days}
          keptSince=${data.kept_since}
        />`,
    )}
  </div>`
}

/** @param {{ policy: PolicyInForce, tenant: string, days: number, keptSince: string | null }} props */
function InForce({ policy, tenant, days, keptSince }) {
  const { rules, unmatched, unused, lapsed } = policy.usage
  return html`<section class="stack" aria-label=${policy.policy}>
    <header class="stack tight">
      <h2>${policy.policy}</h2>
      <p class="muted">
        Revision <code title=${policy.revision}>${policy.revision.slice(0, 12)}</code>,${' '}
        ${rules === 1 ? '1 rule' : `${rules} rules`}, in force since${' '}
        <${Time} at=${policy.applied_at} /> by${' '}
        ${policy.applied_by}${keptSince === null ? '' : `; decisions are kept since ${keptSince}`}
      </p>
    </header>
    ${
      keptSince === null
        ? html`<div class="panel">
            <${Empty} title="No decision of a policy is stored yet."
              >Nothing can be said of its use until somebody came.<//
            >
          </div>`
        : html`<${Blocked} policy=${policy} tenant=${tenant} />
            <${Listed}
              title="Rules that match nobody"
              empty="Every rule matched somebody."
              note="A rule also matches nobody when one before it holds for the same people."
              head=${['Rule', 'Outcome', 'Last match']}
              rows=${unmatched.map(({ rule_id, outcome, last_at }) => [rule_id, outcome, last_at ?? 'never in what is kept'])}
            />
            <${Listed}
              title="Access that is granted and not used"
              empty="Whoever came with a group or role that a rule lets in used it."
              note="Known of those who came; of members who never came anywhere only the identity provider knows."
              head=${['Rule', 'Granted to', 'Who came with it', 'Of these never here']}
              rows=${unused.map(({ rule_id, kind, name, seen, used }) => [
                rule_id,
                `${kind} ${name}`,
                seen === 0 ? 'nobody' : String(seen),
                seen === 0 ? '' : String(seen - used),
              ])}
            />
            <${Listed}
              title=${`Let in once, and not in ${days} days`}
              empty="Everybody who was ever let in came again."
              head=${['Route', 'People', 'Not lately']}
              rows=${lapsed.map((one) => [one.route_id, String(one.people), String(one.lapsed)])}
            />`
    }
  </section>`
}

/** @param {{ policy: PolicyInForce, tenant: string }} props */
function Blocked({ policy: { blocked }, tenant }) {
  const { people, more } = blocked
  return html`<section class="panel" aria-label="Newly blocked people">
    <div class="row spread pad-title"><h3>Newly blocked people</h3></div>
    ${more && html`<${Notice} tone="warn">There are more than are listed: this revision refuses whole groups.<//>`}
    ${
      people.length === 0
        ? html`<${Empty} title="This revision blocks nobody anew."
            >People who came on two days or more before it still get in, as far as they came again.<//
          >`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Newly blocked people, rows">
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">Who</th>
                  <th scope="col">Where</th>
                  <th scope="col">First refused</th>
                  <th scope="col">First reason</th>
                  <th scope="col">The revision before</th>
                  <th scope="col">Now</th>
                </tr>
              </thead>
              <tbody>
                ${people.map((one) => html`<${Person} key=${`${one.route_id} ${one.subject_type} ${one.subject_id}`} one=${one} tenant=${tenant} />`)}
              </tbody>
            </table>
          </div>`
    }
  </section>`
}

/** @param {{ one: PolicyInForce['blocked']['people'][number], tenant: string }} props */
function Person({ one, tenant }) {
  const entity = { type: 'subject', id: `${one.subject_type}:${one.subject_id}` }
  return html`<tr>
    <td><${EntityLink} entity=${entity} tenant=${tenant} bare=${one.subject_type === 'user'} /></td>
    <td>${one.app} <span class="muted">${one.route_id}</span></td>
    <td><${Time} at=${one.refused_at} /></td>
    <td>
      <a href=${link(['decisions', one.decision_id], { tenant })}>${one.reason.replaceAll('_', ' ')}</a>
    </td>
    <td>
      ${
        one.old_outcome === null
          ? html`<span class="muted">was not asked</span>`
          : html`<${Outcome} outcome=${one.old_outcome} />`
      }
    </td>
    <td>${one.in_again ? 'gets in again' : html`<strong>blocked</strong>`}</td>
  </tr>`
}

/** @param {{ title: string, empty: string, note?: string, head: readonly string[], rows: readonly (readonly string[])[] }} props */
function Listed({ title, empty, note, head, rows }) {
  return html`<section class="panel" aria-label=${title}>
    <div class="row spread pad-title">
      <h3>${title}</h3>
      ${rows.length > 0 && html`<span class="muted">${rows.length}</span>`}
    </div>
    ${
      rows.length === 0
        ? html`<${Empty} title=${empty} />`
        : html`<div class="scroll" tabindex="0" role="region" aria-label=${`${title}, rows`}>
              <table class="rows">
                <thead>
                  <tr>
                    ${head.map((name) => html`<th key=${name} scope="col">${name}</th>`)}
                  </tr>
                </thead>
                <tbody>
                  ${rows.map(
                    (row) =>
                      html`<tr key=${row.join(' ')}>
                        ${row.map((cell, at) => html`<td key=${at}>${cell}</td>`)}
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>
            ${note && html`<p class="muted pad">${note}</p>`}`
    }
  </section>`
}
