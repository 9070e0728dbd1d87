import { html } from 'htm/preact'
import { link } from '../route.js'
import { nameOf } from './entity.js'

/** @typedef {import('./entity.js').EntityRef} EntityRef */

/** How far before and after a happening its dashboards look. */
const AROUND_MS = 3_600_000

/** Which dashboard tells more of an entity, and by which of its variables. @type {Readonly<Record<string, { title: string, uid: string, variable: string }>>} */
const boards = {
  subject: { title: 'Subject', uid: 'gatewatch-subject', variable: 'subject' },
  session: { title: 'Session', uid: 'gatewatch-session', variable: 'session' },
  source: { title: 'Network', uid: 'gatewatch-source', variable: 'source' },
}

/** A subject's variable is its id without its kind. @param {EntityRef} entity */
function valueOf({ type, id }) {
  return type === 'subject' ? id.slice(id.indexOf(':') + 1) : id
}

/**
 * Links to the dashboards of what a finding is about, over its time.
 *
 * @param {{ finding: import('../../../../schemas/finding.ts').Finding }} props
 */
export function LookCloser({ finding }) {
  const { tenant, first_observed_at, observed_at } = finding
  const range = {
    from: String(Date.parse(first_observed_at) - AROUND_MS),
    to: String(Date.parse(observed_at) + AROUND_MS),
  }
  const known = [finding.entity, ...finding.entities].flatMap((entity) => {
    const board = boards[entity.type]
    return board ? [{ ...board, entity }] : []
  })
  return html`<ul class="decision-links">
    ${known.slice(0, 6).map(
      ({ title, uid, variable, entity }) =>
        html`<li key=${`${entity.type}/${entity.id}`}>
          <a href=${link(['dashboards', uid], { tenant, ...range, [`var-${variable}`]: valueOf(entity) })}
            >${title} ${nameOf(entity).name}</a
          >
        </li>`,
    )}
    <li>
      <a href=${link(['dashboards', 'gatewatch-detectors'], { tenant, ...range })}>Detectors at that time</a>
    </li>
  </ul>`
}
