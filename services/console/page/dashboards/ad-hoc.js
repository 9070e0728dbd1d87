/**
 * Ad-hoc filters as Grafana writes them into an address: column, operator and
 * value between bars, and what would part them escaped.
 *
 * @typedef {{ key: string, operator: string, value: string }} Filter
 */

/** @param {string} text @returns {Filter} */
export function readFilter(text) {
  const [key = '', operator = '', value = ''] = text.split('|').map(unescaped)
  return { key, operator, value }
}

/** @param {Filter} filter */
export function writeFilter({ key, operator, value }) {
  return [key, operator, value].map(escaped).join('|')
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('|', '__gfp__').replaceAll(',', '__gfc__').replaceAll('#', '__gfh__')
}

/** @param {string} text */
function unescaped(text) {
  return text.replaceAll('__gfp__', '|').replaceAll('__gfc__', ',').replaceAll('__gfh__', '#')
}
