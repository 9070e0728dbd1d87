import { inUnit } from '../units.js'
import { record } from './field.js'

/** @typedef {import('./field.js').Field} Field */
/** @typedef {import('../../dashboards/series.ts').Cell} Cell */

/** A value as its field wants it read: mapped to words, or with unit and decimals. @param {Cell | undefined} value @param {Field} field */
export function shownValue(value, field) {
  const mapped = mappingOf(value, field)?.text
  if (mapped) return mapped
  if (value === null || value === undefined || value === '') return field.noValue ?? ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.join(', ')
  // An id may be made of digits only; what is text in the store is no figure.
  if (typeof value === 'string') return value
  return inUnit(value, field.unit, field.decimals)
}

/** The colour that mapping or thresholds give to a value, as Grafana names it; none where neither says one. @param {Cell | undefined} value @param {Field} field @returns {string | undefined} */
export function colourName(value, field) {
  const mapped = mappingOf(value, field)?.color
  if (mapped) return mapped
  const mode = field.color?.mode
  if (mode === 'fixed') return field.color?.fixedColor
  if (mode !== undefined && mode !== 'thresholds') return undefined
  return thresholdColour(Number(value), field)
}

/** @param {number} value @param {Field} field @returns {string | undefined} */
function thresholdColour(value, field) {
  const { thresholds, min = 0, max = 100 } = field
  if (!thresholds || thresholds.steps.length < 2 || Number.isNaN(value)) return undefined
  const measured = thresholds.mode === 'percentage' ? ((value - min) / (max - min)) * 100 : value
  let colour
  for (const step of thresholds.steps) if (step.value === null || measured >= step.value) colour = step.color
  return colour
}

/** What a mapping of the definition says for a value. @param {Cell | undefined} value @param {Field} field @returns {{ text?: string, color?: string } | undefined} */
function mappingOf(value, { mappings = [] }) {
  for (const { type, options } of mappings) {
    const told = record(options)
    if (type === 'value') {
      const found = record(told[String(value)])
      if (Object.keys(found).length > 0) return wordsOf(found)
    }
    if (type === 'range' && typeof value === 'number') {
      const { from, to, result } = told
      if (value >= Number(from ?? -Infinity) && value <= Number(to ?? Infinity))
        return wordsOf(record(result))
    }
    if (
      type === 'regex' &&
      typeof value === 'string' &&
      new RegExp(String(told['pattern']).replace(/^\/|\/$/g, '')).test(value)
    )
      return wordsOf(record(told['result']))
    if (type === 'special' && special(told['match'], value)) return wordsOf(record(told['result']))
  }
  return undefined
}

/** @param {unknown} match @param {Cell | undefined} value */
function special(match, value) {
  const none = value === null || value === undefined
  if (match === 'null') return none
  if (match === 'nan') return Number.isNaN(value)
  if (match === 'null+nan') return none || Number.isNaN(value)
  if (match === 'true' || match === 'false') return value === (match === 'true')
  return match === 'empty' && value === ''
}

/** @param {Record<string, unknown>} result */
function wordsOf({ text, color }) {
  return {
    ...(typeof text === 'string' && { text }),
    ...(typeof color === 'string' && { color }),
  }
}
