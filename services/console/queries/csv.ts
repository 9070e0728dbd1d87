import type { QueryAnswer, QueryCell } from './run-query.ts'

/**
 * An answer as CSV (RFC 4180). A text that a spreadsheet would take for a
 * formula begins with an apostrophe: names are chosen by whoever is looked into.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvOf({ columns, rows }: QueryAnswer): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))]
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('')
}

/** A cell as text; a list by its members. */
function cellText(cell: QueryCell): string {
  if (cell === null) return ''
  if (typeof cell === 'object')
    return Array.isArray(cell) ? cell.map(cellText).join(', ') : JSON.stringify(cell)
  const text = String(cell)
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
