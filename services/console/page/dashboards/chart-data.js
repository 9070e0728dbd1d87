import { lineColour } from '../colours.js'
import { fieldOf, record, textOr } from './field.js'
import { colourName } from './shown-value.js'

/** @typedef {import('../questions.js').Dashboard['panels'][number]} Panel */
/** @typedef {Extract<import('../questions.js').PanelAnswer, { kind: 'series' }>} SeriesAnswer */

/**
 * A line with how it is drawn. `values` are as answered; `stack` names the pile
 * that it stands on.
 *
 * @typedef {{
 *   name: string, colour: string, draw: 'line' | 'bars' | 'points', right: boolean, stack: string | undefined,
 *   field: ReturnType<typeof fieldOf>, values: readonly (number | null)[], hidden: boolean,
 * }} Drawn
 */

/** @param {Panel} panel @param {SeriesAnswer} answer @param {ReadonlySet<string>} hidden names that the reader has put away @returns {Drawn[]} */
export function drawnOf(panel, answer, hidden) {
  return answer.series.map(({ name, ref_id, values }, index) => {
    const field = fieldOf(panel, { name, ref_id, type: 'Float64' })
    const { drawStyle, stacking, axisPlacement, hideFrom } = field.custom
    const { mode, group } = record(stacking)
    const stacked = mode === 'normal' || mode === 'percent'
    return {
      // A name made of labels is what the answer names its lines by.
      name: (field.displayName?.includes('${') === false ? field.displayName : name) || 'none',
      colour: lineColour(
        index,
        field.color?.mode === 'fixed' ? colourName(null, { ...field, mappings: [] }) : undefined,
      ),
      draw: drawStyle === 'bars' || drawStyle === 'points' ? drawStyle : 'line',
      right: axisPlacement === 'right',
      stack: stacked ? `${textOr(drawStyle, 'line')} ${textOr(group, 'A')}` : undefined,
      field,
      values,
      hidden: hidden.has(name) || record(hideFrom)['viz'] === true,
    }
  })
}

/** Times, then a column a line; stacked ones stand on those after them, so that the first is drawn behind. @param {readonly number[]} times @param {readonly Drawn[]} drawn @returns {import('uplot').AlignedData} */
export function columnsOf(times, drawn) {
  /** @type {Map<string, (number | null)[]>} */
  const piles = new Map()
  const columns = drawn.map(({ values }) => [...values])
  for (const [i, { stack, hidden, values }] of [...drawn.entries()].reverse()) {
    if (stack === undefined || hidden) continue
    const below = piles.get(stack)
    const top = values.map((value, at) => {
      const under = below?.[at] ?? null
      return value === null && under === null ? null : (value ?? 0) + (under ?? 0)
    })
    piles.set(stack, top)
    columns[i] = top
  }
  return [[...times], ...columns]
}
