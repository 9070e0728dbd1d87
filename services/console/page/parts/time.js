import { html } from 'htm/preact'
import { localTime, relativeTime } from '../format.js'
import { useNow } from '../hooks.js'

/** An instant in local time, UTC on hover, with how long ago it was. @param {{ at: string, relative?: boolean | 'only' }} props */
export function Time({ at, relative = false }) {
  const now = useNow(relative ? 1000 : 60_000)
  const ms = Date.parse(at)
  if (!Number.isFinite(ms)) return html`<span class="muted">unknown</span>`
  const local = localTime(ms, now)
  const text =
    relative === 'only' ? relativeTime(ms, now) : relative ? `${local} (${relativeTime(ms, now)})` : local
  const utc = new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC')
  return html`<time class="figure" datetime=${at} title=${relative === 'only' ? `${local} here, ${utc}` : utc}
    >${text}</time
  >`
}
