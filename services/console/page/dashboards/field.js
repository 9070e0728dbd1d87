/**
 * How a definition wants one field shown: its defaults, and over them every
 * override whose matcher fits, as Grafana resolves them.
 */

/** @typedef {import('../questions.js').Dashboard['panels'][number]} Panel */
/** @typedef {Panel['fieldConfig']['defaults']} Field */

/** @param {Panel} panel @param {{ name: string, ref_id?: string, type?: string }} of @returns {Field & { custom: Record<string, unknown> }} */
export function fieldOf(panel, of) {
  const { defaults, overrides } = panel.fieldConfig
  /** @type {Record<string, unknown>} */
  const field = { ...defaults }
  const custom = { ...defaults.custom }
  for (const { matcher, properties } of overrides) {
    if (!fits(matcher, of)) continue
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) put(custom, id.slice(7).split('.'), value)
      else field[id] = value
    }
  }
  return { ...field, custom }
}

/** @param {Record<string, unknown>} target @param {string[]} path @param {unknown} value */
function put(target, path, value) {
  const [name = '', ...rest] = path
  if (rest.length === 0) target[name] = value
  else {
    const inner = { ...record(target[name]) }
    put(inner, rest, value)
    target[name] = inner
  }
}

/** @param {{ id: string, options?: unknown }} matcher @param {{ name: string, ref_id?: string, type?: string }} of */
function fits({ id, options }, { name, ref_id, type }) {
  if (id === 'byName') return options === name
  if (id === 'byFrameRefID') return options === ref_id
  if (id === 'byRegexp') return new RegExp(regexp(String(options))).test(name)
  if (id === 'byNames') {
    const { names } = record(options)
    return Array.isArray(names) && names.includes(name)
  }
  if (id === 'byType') return typeName(type) === options
  return false
}

/** Without its slashes Grafana takes a pattern for all of a name. @param {string} text */
function regexp(text) {
  return /^\/(.*)\/$/.exec(text)?.[1] ?? `^${text}$`
}

/** What Grafana calls a column of the store. @param {string | undefined} type */
export function typeName(type = '') {
  if (/DateTime|Date\b/.test(type)) return 'time'
  if (/Int|Float|Decimal/.test(type) && !/Array|Map|Tuple/.test(type)) return 'number'
  return /Bool/.test(type) ? 'boolean' : 'string'
}

/** A text of a definition, or what stands for one that is missing. @param {unknown} value @param {string} otherwise */
export function textOr(value, otherwise) {
  return typeof value === 'string' ? value : otherwise
}

/** A value of which only its use knows the shape. @param {unknown} value @returns {Record<string, unknown>} */
export function record(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
