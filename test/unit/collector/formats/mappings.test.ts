import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { FORMATS } from '../../../../services/collector/formats/format.ts'

const FOLDER = new URL('../../../../services/collector/formats/', import.meta.url)

/** The docstrings of a file that hold a table, as Markdown. */
function tablesOf(file: string): string[] {
  const source = readFileSync(new URL(file, FOLDER), 'utf8')
  const comments = source.match(/^\/\*\*\n(?: \*.*\n)+? \*\//gm) ?? []
  return comments
    .map((comment) =>
      comment
        .split('\n')
        .slice(1, -1)
        .map((line) => line.slice(3))
        .join('\n'),
    )
    .filter((text) => text.includes('\n| '))
    .map((text) => text.replace(/^@see /m, 'Source: '))
}

function filesOf(format: string): string[] {
  const files = readdirSync(FOLDER).filter((file) => file === `${format}.ts` || file.startsWith(`${format}-`))
  return files.toSorted((a, b) => a.length - b.length || a.localeCompare(b))
}

const SHARED = [
  '# Mappings',
  'Field by field, for each format: the docstrings of its files, put together by `test/unit/collector/formats/mappings.test.ts`, which fails when the two differ (with `--update=all` it writes this page anew). What was checked against real records is in [README.md](README.md).',
]

it('MAPPINGS.md says what the docstrings of the formats say', async () => {
  const parts = [...SHARED]
  for (const format of FORMATS) {
    const tables = filesOf(format).flatMap(tablesOf)
    expect(tables.length, `${format} documents its mapping as a table`).toBeGreaterThan(0)
    parts.push(`## ${format}`, ...tables)
  }
  parts.push('## Statuses of plain access logs', ...tablesOf('http-verdict.ts'))
  await expect(`${parts.join('\n\n')}\n`).toMatchFileSnapshot(fileURLToPath(new URL('MAPPINGS.md', FOLDER)))
})
