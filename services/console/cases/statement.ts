import { quoted } from '../../runtime/clickhouse/quoted.ts'

/**
 * A query with its parameters written out, for a person to ask again: what is
 * in a case can name the question that it was the answer to. Never sent by us,
 * as values go as parameters there.
 */
export function statementOf(query: string, params: Readonly<Record<string, unknown>>): string {
  const asked = query.replaceAll(/\{(\w+):[\w()]+\}/g, (_whole, name: string) => literal(params[name]))
  return asked.replaceAll(/\s*\n\s*/g, ' ').trim()
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  return typeof value === 'number' ? String(value) : plainly(quoted(String(value)))
}

/** What a page would show otherwise than it is (line ends, turned text) is written by its bytes. */
function plainly(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (mark) =>
    [...Buffer.from(mark)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  )
}
