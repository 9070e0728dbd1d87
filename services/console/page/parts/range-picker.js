import { html } from 'htm/preact'
import { fieldText } from '../form.js'
import { changeQuery } from '../route.js'
import { localMoment, momentOf, spans } from '../time-range.js'

/** @typedef {import('../route.js').Route} Route */

/** The range of a board: a span up to now, or from and to as typed or drawn. Each is an address of its own. @param {{ route: Route, from: string, range: { from: number, to: number } }} props */
export function RangePicker({ route, from, range }) {
  const absolute = !spans.some((span) => span.from === from) || route.query.get('to') !== null
  const wider = (range.to - range.from) / 2
  return html`<div class="row">
    <div class="toggle" role="group" aria-label="Time range">
      ${spans.map(
        (span) =>
          html`<button
            key=${span.name}
            type="button"
            aria-pressed=${!absolute && span.from === from}
            onClick=${() => changeQuery(route, { from: span.from, to: undefined })}
          >
            ${span.name}
          </button>`,
      )}
    </div>
    <details class="popover" data-set=${absolute}>
      <summary class="button">
        ${absolute ? `${localMoment(range.from).replace('T', ' ')} to ${localMoment(range.to).replace('T', ' ')}` : 'From, to'}
      </summary>
      <form class="stack tight" onSubmit=${(/** @type {SubmitEvent} */ event) => set(event, route)}>
        <label
          >From <input type="datetime-local" name="from" step="1" required value=${localMoment(range.from)}
        /></label>
        <label
          >To <input type="datetime-local" name="to" step="1" required value=${localMoment(range.to)}
        /></label>
        <button type="submit" class="primary">Show</button>
      </form>
    </details>
    <button
      type="button"
      title="Twice as long, about the same middle"
      onClick=${() =>
        changeQuery(route, {
          from: String(Math.round(range.from - wider)),
          to: String(Math.min(Date.now(), Math.round(range.to + wider))),
        })}
    >
      Zoom out
    </button>
  </div>`
}

/** @param {SubmitEvent} event @param {Route} route */
function set(event, route) {
  event.preventDefault()
  const from = momentOf(String(Date.parse(fieldText(event, 'from'))), 0)
  const to = momentOf(String(Date.parse(fieldText(event, 'to'))), 0)
  const { currentTarget: form } = event
  const { parentElement: popover } = form instanceof HTMLFormElement ? form : { parentElement: null }
  if (!(to > from)) return
  if (popover instanceof HTMLDetailsElement) popover.open = false
  changeQuery(route, { from: String(from), to: String(to) })
}
