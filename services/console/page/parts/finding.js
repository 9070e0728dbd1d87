import { html } from 'htm/preact'
import { number, plain } from '../format.js'
import { link } from '../route.js'
import { Level } from './badges.js'
import { EntityLink, EntityList } from './entity.js'
import { EvidenceFigures } from './evidence.js'
import { Time } from './time.js'

/** @typedef {import('../../../../schemas/finding.ts').Finding} Finding */

/** What a gate is, for somebody who asks why a score is smaller than expected. @param {string} name */
export const gateWords = (name) => name.replaceAll(/[_-]+/g, ' ')

/** A detector's statement: the sentence, the figures, what held it down, the decisions behind it. @param {{ finding: Finding, open?: boolean }} props */
export function FindingCard({ finding, open = true }) {
  const { tenant } = finding
  return html`<details class="panel pad finding" data-level=${finding.risk_level} open=${open}>
    <summary class="row">
      <${Level} level=${finding.risk_level} />
      <h3>${plain(finding.summary)}</h3>
    </summary>
    <p class="row muted">
      <${EntityLink} entity=${finding.entity} tenant=${tenant} />
      <span
        >detector ${finding.detector.id}:${' '}
        <a href=${`runbooks/${encodeURIComponent(finding.detector.id)}`} target="_blank" rel="noopener"
          >what to do</a
        ></span
      >
      <span>cause ${finding.cause}</span>
      <span title="MITRE ATT&CK technique">ATT&CK ${finding.technique}</span>
      <${Time} at=${finding.observed_at} relative=${true} />
      <a href=${link(['findings', finding.id], { tenant })}>everything about it</a>
    </p>
    <${EvidenceFigures} finding=${finding} />
    <dl class="facts">
      <dt>Weight</dt>
      <dd class="figure">
        ${`${number(finding.evidence_nats)} of at most 6 nats of evidence, from a score of ${number(finding.score)}`}
      </dd>
      ${
        finding.gates.length > 0 &&
        html`<dt>Held down by</dt>
          <dd>
            ${finding.gates.map((gate) => `${gateWords(gate.name)} (times ${number(gate.factor)})`).join(', ')}
          </dd>`
      }
      ${
        finding.entities.length > 0 &&
        html`<dt>Also touches</dt>
          <dd><${EntityList} entities=${finding.entities} tenant=${tenant} most=${8} /></dd>`
      }
      <dt>Decisions</dt>
      <dd>
        <${DecisionLinks} ids=${finding.decision_ids} total=${finding.decisions_total} tenant=${tenant} />
      </dd>
    </dl>
  </details>`
}

/** Newest first; the newest is the one that made the finding. @param {{ ids: readonly string[], total: number, tenant: string }} props */
function DecisionLinks({ ids, total, tenant }) {
  const shown = [...ids].reverse().slice(0, 5)
  return html`<ul class="decision-links">
    ${shown.map((id) => html`<li key=${id}><a class="mono" href=${link(['decisions', id], { tenant })}>${id}</a></li>`)}
    ${total > shown.length && html`<li class="muted">and ${number(total - shown.length)} more</li>`}
  </ul>`
}
