import { readFileSync, writeFileSync } from 'node:fs'
import { figureTable, planTable } from './tables.ts'

/** Writes the tables of the README between their marks: `node deploy/capacity/generate.ts`. */
const file = new URL('../README.md', import.meta.url)
const text = readFileSync(file, 'utf8')
writeFileSync(file, withTables(text))

function withTables(readme: string): string {
  const tables = { figures: figureTable(), plans: planTable() }
  return Object.entries(tables).reduce(
    (before, [name, table]) =>
      before.replace(
        new RegExp(`(<!-- ${name}: [^\\n]* -->\\n)[^]*?(<!-- /${name} -->)`),
        (_whole, begin: string, end: string) => `${begin}${table}${end}`,
      ),
    readme,
  )
}
