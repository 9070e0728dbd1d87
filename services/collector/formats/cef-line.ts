/** The parts of a line in the Common Event Format. */
export interface CefLine {
  /** What stands before `CEF:`, usually a head of syslog. */
  readonly before: string
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly signature: string
  readonly name: string
  readonly severity: string
  readonly extension: ReadonlyMap<string, string>
}

/** Keys that one line may have; the extension dictionary knows some 150. */
const MAX_KEYS = 512
const HEADER_FIELDS = 7
/** A key begins the extension or follows a space; the `=` after it is not escaped, as no key ends in a backslash. */
const KEY = /(?:^|\s)([A-Za-z0-9_.[\]-]{1,128})=/g

/**
 * Reads a line of ArcSight's Common Event Format, `CEF:0|vendor|product|version|
 * signature|name|severity|extension`; null for what is none.
 *
 * In the header `\|` and `\\` are escaped, in the extension `\=`, `\\`, `\n` and
 * `\r`. A value goes on until the next key, so that it may hold spaces; that is
 * also why a value with an unescaped ` key=` in it is two, for which there is no
 * remedy in the format. Of equal keys the first counts.
 *
 * @see "Implementing ArcSight Common Event Format (CEF)", version 25 and 26.
 */
export function cefLine(text: string): CefLine | null {
  const from = text.indexOf('CEF:')
  if (from < 0) return null
  const fields: string[] = []
  let at = from + 4
  while (fields.length < HEADER_FIELDS) {
    const end = pipeAfter(text, at)
    if (end < 0) return null
    fields.push(
      text
        .slice(at, end)
        .replace(/\\([\\|])/g, '$1')
        .trim(),
    )
    at = end + 1
  }
  const [format = '', vendor = '', product = '', version = '', signature = '', name = '', severity = ''] =
    fields
  if (!/^\d{1,2}$/.test(format)) return null
  const extension = extensionOf(text.slice(at))
  return { before: text.slice(0, from), vendor, product, version, signature, name, severity, extension }
}

function pipeAfter(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '|') return at
  }
  return -1
}

function extensionOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  let key = ''
  let begin = 0
  const put = (end: number): void => {
    if (key !== '' && !values.has(key)) values.set(key, unescaped(text.slice(begin, end).trimEnd()))
  }
  for (const match of text.matchAll(KEY)) {
    put(match.index)
    if (values.size >= MAX_KEYS) return values
    key = match[1] ?? ''
    begin = match.index + match[0].length
  }
  put(text.length)
  return values
}

function unescaped(value: string): string {
  return value.includes('\\')
    ? value.replace(/\\([\\=|nr])/g, (_, code: string) => (code === 'n' ? '\n' : code === 'r' ? '\r' : code))
    : value
}
