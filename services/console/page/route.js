/**
 * Hash routes: `#/stories/abc?tenant=demo`. The hash never reaches the server,
 * so a link with a decision id in it leaks nothing to a proxy's log.
 */

/** @typedef {{ segments: string[], query: URLSearchParams }} Route */

/** @param {string} hash @returns {Route} */
export function parseRoute(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const segments = path.split('/').filter(Boolean).map(decode)
  return { segments: segments.length === 0 ? ['live'] : segments, query: new URLSearchParams(query) }
}

/** @typedef {Record<string, string | readonly string[] | undefined | null>} LinkQuery a list is written value by value */

/** @param {string[]} segments @param {LinkQuery} [query] */
export function link(segments, query = {}) {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    for (const each of [value].flat()) if (each) params.append(key, each)
  const text = params.toString()
  return `#/${segments.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`
}

/** A hash typed by hand may hold a stray percent sign. @param {string} segment */
function decode(segment) {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Changes a query parameter of the route without a new entry in the history. @param {Route} route @param {LinkQuery} changes */
export function replaceQuery(route, changes) {
  location.replace(link(route.segments, { ...queryOf(route), ...changes }))
}

/** The same with an entry in the history, so that the browser's back undoes it. @param {Route} route @param {LinkQuery} changes */
export function changeQuery(route, changes) {
  location.hash = link(route.segments, { ...queryOf(route), ...changes })
}

/** @param {Route} route @returns {Record<string, string[]>} */
function queryOf({ query }) {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]))
}
