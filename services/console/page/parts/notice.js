import { html } from 'htm/preact'

/** What went wrong and what to do. @param {{ error: Error, retry?: (() => void) | undefined }} props */
export function Failure({ error, retry }) {
  return html`<div class="notice" data-tone="bad" role="alert">
    <p>${error.message}</p>
    ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
  </div>`
}

/** @param {{ tone?: 'good' | 'warn' | 'bad', children?: unknown }} props */
export function Notice({ tone, children }) {
  return html`<div class="notice" data-tone=${tone} role="status"><p>${children}</p></div>`
}

/** Nothing to show, and what would change that. @param {{ title: string, children?: unknown }} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><strong>${title}</strong>${children}</div>`
}

/** @param {{ what: string }} props */
export function Loading({ what }) {
  return html`<div class="empty" role="status">Loading ${what} …</div>`
}
