import { html } from 'htm/preact'
import { replaceQuery } from '../route.js'

const choices = [
  { name: 'off', value: 'off' },
  { name: '10 s', value: '10s' },
  { name: '30 s', value: '30s' },
  { name: '1 min', value: '1m' },
  { name: '5 min', value: '5m' },
]

/** Asks all panels again, now or every so often, and drops questions that take too long. @param {{ route: import('../route.js').Route, every: string, refresh: () => void, stop: () => void }} props */
export function RefreshControl({ route, every, refresh, stop }) {
  const known = choices.some(({ value }) => value === every)
  return html`<div class="row">
    <button type="button" onClick=${refresh}>Refresh</button>
    <button type="button" title="Drop the queries that are still running" onClick=${stop}>Stop</button>
    <label class="variable">
      <span>Every</span>
      <select
        name="refresh"
        value=${every}
        onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) =>
          replaceQuery(route, { refresh: event.currentTarget.value })}
      >
        ${!known && html`<option value=${every}>${every}</option>`}
        ${choices.map(({ name, value }) => html`<option key=${value} value=${value}>${name}</option>`)}
      </select>
    </label>
  </div>`
}
