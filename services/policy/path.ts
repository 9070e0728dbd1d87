/** A request path in the one form that is matched, recorded and sent on. */
export interface CanonicalPath {
  /** Begins with `/`; dot segments resolved, doubled slashes collapsed, percent-encoding minimal and upper-case. */
  readonly path: string
  /** Decoded segments without empty ones. */
  readonly segments: readonly string[]
  /** The query as it came, with its `?`; empty when there is none. */
  readonly query: string
}

const MAX_LENGTH = 8192
/** What a segment may hold unencoded besides letters and digits (RFC 3986 section 3.3, pchar). */
const PCHAR = /[A-Za-z0-9\-._~!$&'()*+,;=:@]/

/**
 * Canonical form of a request target in origin form (RFC 9112 section 3.2.1),
 * or null when two readers could read it as two paths. The upstream is sent the
 * canonical form, so that what was authorised is what is asked for.
 *
 * Refused: encoded slashes, backslashes, NUL and control characters, encoded
 * dot segments, `..;`, a second layer of encoding of any of these, `..` above
 * the root, bytes that are no UTF-8, fragments, and absolute or asterisk form.
 *
 * @see RFC 3986 sections 5.2.4 (dot segments) and 6.2.2 (normalization)
 * @example canonicalPath('/a//b/%7Ec?x=1') is { path: '/a/b/~c', segments: ['a', 'b', '~c'], query: '?x=1' }
 */
export function canonicalPath(target: string): CanonicalPath | null {
  if (target.length > MAX_LENGTH || !target.startsWith('/') || /[^\x21-\x7e]|#/.test(target)) return null
  const mark = target.indexOf('?')
  const raw = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  const segments: string[] = []
  let folder = true
  for (const part of raw.split('/').slice(1)) {
    folder = part === '' || part === '.' || part === '..'
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (segments.pop() === undefined) return null
      continue
    }
    const segment = decodeSegment(part)
    if (segment === null) return null
    segments.push(segment)
  }
  const path = `/${segments.map(encodeSegment).join('/')}${folder && segments.length > 0 ? '/' : ''}`
  return { path, segments, query }
}

function decodeSegment(part: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(part)
  } catch {
    return null
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[/\\\u0000-\u001f\u007f]/.test(decoded)) return null
  // A reader that decodes twice, or that cuts `;parameters` off first, would see another path.
  if (/%(?:2[ef]|5c|25|[01][0-9a-f]|7f)/i.test(decoded)) return null
  if (/^\.{1,2}(?:;|$)/.test(decoded)) return null
  return decoded
}

/** One segment with everything encoded that RFC 3986 does not allow bare. */
function encodeSegment(segment: string): string {
  let text = ''
  for (const character of segment) text += PCHAR.test(character) ? character : encodeURIComponent(character)
  return text
}
