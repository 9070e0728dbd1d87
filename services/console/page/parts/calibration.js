import { html } from 'htm/preact'
import { number, words } from '../format.js'
import { Time } from './time.js'

/** @typedef {import('../../findings/calibration-then.ts').CalibrationThen} CalibrationThen */

/** How rare it was by the calibration of that time, and from where on it was a finding. @param {{ calibration: CalibrationThen | null, finding: import('../../../../schemas/finding.ts').Finding }} props */
export function Calibration({ calibration, finding }) {
  const told = finding.evidence['joint_nats']
  const needed = finding.evidence['joint_nats_of_a_finding']
  return html`<section class="panel pad stack tight">
    <h2>How rare it was</h2>
    <dl class="facts">
      ${
        typeof told === 'number' &&
        typeof needed === 'number' &&
        html`<dt>All detectors together</dt>
          <dd class="figure">${number(told)} nats of evidence; a finding from ${number(needed)} on</dd>`
      }
      ${
        calibration?.joint &&
        html`<dt>By chance</dt>
          <dd class="figure">
            p = ${number(calibration.joint.p)}: so much on one of ${oneIn(calibration.joint.p)} days of a
            person, learnt from ${number(calibration.joint.entity_days)}
          </dd>`
      }
      ${calibration && html`<${Threshold} calibration=${calibration} />`}
    </dl>
    ${
      calibration === null
        ? html`<p class="muted">
            No calibration had been made yet when it was found (every six hours of decisions one is): its
            score was held against what the detector declares.
          </p>`
        : html`<${Detectors} detectors=${calibration.detectors} />`
    }
  </section>`
}

/** @param {{ calibration: CalibrationThen }} props */
function Threshold({ calibration }) {
  const { version, made_at, days, budget_per_day, threshold_nats, high_nats } = calibration
  return html`<dt>Threshold then</dt>
    <dd class="figure">
      ${
        threshold_nats === null
          ? 'what each detector declares: no day was over yet'
          : `${number(threshold_nats)} nats${high_nats === null ? '' : `, HIGH from ${number(high_nats)}`}`
      }
    </dd>
    <dt>Calibration</dt>
    <dd class="figure">
      version ${version} of <${Time} at=${made_at} />, from ${number(days)} ${days === 1 ? 'day' : 'days'},
      for ${number(budget_per_day)} findings a day at most
    </dd>`
}

/** @param {{ detectors: CalibrationThen['detectors'] }} props */
function Detectors({ detectors }) {
  if (detectors.length === 0)
    return html`<p class="muted">The calibration knew no score of these detectors in such places yet.</p>`
  return html`<div class="scroll">
    <table class="pairs">
      <thead>
        <tr>
          <td></td>
          <th scope="col">Highest score</th>
          <th scope="col">As high by chance</th>
          <th scope="col">MEDIUM, HIGH from</th>
          <th scope="col">Compared with</th>
        </tr>
      </thead>
      <tbody>
        ${detectors.map(
          ({ detector, segment, score, rarity, medium, high, scores }) =>
            html`<tr key=${detector}>
              <th scope="row">${words(detector.replaceAll('-', ' '))}</th>
              <td class="figure">${number(score)}</td>
              <td class="figure">
                ${rarity === null ? 'not known' : `p = ${number(rarity.p)}${rarity.extrapolated ? ', estimated' : ''}`}
              </td>
              <td class="figure">${number(medium)}, ${number(high)}</td>
              <td class="figure">${number(scores)} scores of ${segment.replace('/', ', sensitivity ')}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** @param {number} p */
function oneIn(p) {
  return p <= 0 ? 'very many' : number(Math.round(1 / p))
}
