import { expect, it } from 'vitest'
import { topics } from '../../../schemas/topics.ts'
import { RIGHTS } from '../../../services/cli/roles/rights.ts'
import { ROLES, type Role } from '../../../services/cli/roles/role.ts'
import { DELETED, erasureRights } from '../../../services/erasure/rights.ts'
import { readText } from '../../support/deploy/files.ts'

const readme = readText('deploy/kafka/README.md')

/** Rows of a table whose first column is headed so: the named thing, and what each role may do with it. */
function table(heading: string): Map<string, Record<string, string>> {
  const lines = readme.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`))
  const cells = (line = '') =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
  const [, ...columns] = cells(lines[start])
  const rows = lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return new Map(
    rows.slice(0, end).map((line) => {
      const [name = '', ...values] = cells(line)
      return [name.replaceAll('`', ''), Object.fromEntries(columns.map((role, i) => [role, values[i] ?? '']))]
    }),
  )
}

const ofEach = (cell: (role: Role) => string) => Object.fromEntries(ROLES.map((role) => [role, cell(role)]))

it('deploy/kafka/README.md has the rights of every role and of whoever erases on every topic and group, as the code asks for them', () => {
  const has = (list: readonly { readonly name: string }[], name: string) =>
    list.some((one) => one.name === name)
  expect([...table('Topic')]).toEqual(
    topics.map(({ name }) => [
      name,
      ofEach((role) =>
        [has(RIGHTS[role].reads, name) && 'Read', has(RIGHTS[role].writes, name) && 'Write']
          .filter(Boolean)
          .join(', '),
      ),
    ]),
  )
  const { writes } = erasureRights([])
  expect([...table('Erased on')]).toEqual([
    ...writes.map(({ name }) => [name, { erase: 'Write', '--delete-records': '' }]),
    ...DELETED.map(({ name }) => [name, { erase: '', '--delete-records': 'Delete' }]),
  ])
  const groups = new Set(ROLES.flatMap((role) => [...RIGHTS[role].joins, ...RIGHTS[role].watches]))
  expect([...table('Group')]).toEqual(
    [...groups].map((group) => [
      group,
      ofEach((role) =>
        RIGHTS[role].joins.includes(group) ? 'Read' : RIGHTS[role].watches.includes(group) ? 'Describe' : '',
      ),
    ]),
  )
})
