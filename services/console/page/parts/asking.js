import { html } from 'htm/preact'
import { useNow } from '../hooks.js'

/** Sooner than this nobody wonders. */
const SLOW_MS = 1000

/** How long a question has been open, once that is worth a word. @param {{ since: number, timeout_s: number }} props */
export function Asking({ since, timeout_s }) {
  const now = useNow(500)
  const elapsed = Math.max(0, now - since)
  if (elapsed < SLOW_MS) return html`<p class="asking muted" aria-hidden="true">…</p>`
  const seconds = Math.floor(elapsed / 1000)
  return html`<p class="asking muted" role="status">
    <progress
      max=${timeout_s}
      value=${Math.min(timeout_s, elapsed / 1000)}
      aria-label="Time of the query"
    ></progress>
    ${seconds} s of ${timeout_s} s at most
  </p>`
}
