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

/** @param {string[]} segments @param {Record<string, string | undefined | null>} [query] */
export function link(segments, query = {}) {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value)
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

/** Changes a query parameter of the route without a new entry in the history. @param {Route} route @param {Record<string, string | undefined>} changes */
export function replaceQuery(route, changes) {
  const query = Object.fromEntries(route.query)
  location.replace(link(route.segments, { ...query, ...changes }))
}
