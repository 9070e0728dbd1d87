import { html } from 'htm/preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { shownValue } from '../dashboards/shown-value.js'
import { momentText } from '../format.js'
import { Swatch } from './swatch.js'

/** @typedef {import('../dashboards/chart-options.js').Board} Board */

const MOST_ROWS = 14
/** A mark this near to the crosshair is told, as a share of the range. */
const NEAR = 1 / 120

/**
 * The figures under the crosshair, the highest first, and what happened there.
 *
 * @param {{ cursor: { index: number | undefined, left: number, at_s: number }, times: readonly number[], interval_s: number, drawn: readonly import('../dashboards/chart-data.js').Drawn[], board: Board }} props
 */
export function ChartTooltip({ cursor, times, drawn, board, interval_s }) {
  const node = useRef(/** @type {HTMLDivElement | null} */ (null))
  useLayoutEffect(() => {
    const place = node.current
    const room = place?.parentElement?.clientWidth ?? 0
    if (!place) return
    const width = place.offsetWidth
    const beside = cursor.left + 14 + width > room ? cursor.left - width - 14 : cursor.left + 14
    place.style.left = `${Math.max(0, Math.min(beside, room - width))}px`
  })
  const index = cursor.index ?? 0
  const rows = drawn
    .map((each) => ({ ...each, value: each.values[index] ?? null }))
    .filter(({ value, hidden }) => value !== null && !hidden)
    .sort((a, b) => Number(b.value) - Number(a.value))
  const near_s = ((board.range.to - board.range.from) / 1000) * NEAR
  const told = board.happenings.filter(
    ({ at_s, to_s }) => cursor.at_s >= at_s - near_s && cursor.at_s <= (to_s ?? at_s) + near_s,
  )
  return html`<div class="tooltip" ref=${node} aria-live="polite">
    <strong>${momentText((times[index] ?? 0) * 1000, interval_s)}</strong>
    <dl>
      ${rows.slice(0, MOST_ROWS).map(
        ({ name, colour, field, value }) =>
          html`<div key=${name}>
            <dt><${Swatch} colour=${colour} />${name}</dt>
            <dd class="figure">${shownValue(value, field)}</dd>
          </div>`,
      )}
    </dl>
    ${rows.length > MOST_ROWS && html`<p class="muted">and ${rows.length - MOST_ROWS} more</p>`}
    ${told
      .slice(0, 5)
      .map(
        ({ name, at_s, title, text }) =>
          html`<p key=${`${name}${at_s}`} class="told">
            <b>${name}</b> ${momentText(at_s * 1000, 1)}: ${title || text}
          </p>`,
      )}
  </div>`
}
