import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { GatewatchError } from '../../runtime/errors.ts'
import { writeWhole } from '../../runtime/write-whole.ts'
import { queryDirectory } from './read-queries.ts'
import { parseQuery, type SavedQuery } from './saved-query.ts'

export interface QueryToSave {
  readonly name: string
  readonly title: string
  readonly sql: string
  /** Take the place of what there is under the name. */
  readonly replace: boolean
}

/** Writes a query of the operator's own to the data directory. @throws GatewatchError `ERR_USAGE` when it can't be one. */
export async function saveQuery(
  dataDir: string,
  { name, title, sql, replace }: QueryToSave,
): Promise<SavedQuery> {
  const text = stringify({ title, sql: `${sql.trim()}\n` })
  const read = parseQuery(name, 'own', text)
  if ('problem' in read) throw new GatewatchError('ERR_USAGE', `The query can't be saved: ${read.problem}.`)
  const directory = queryDirectory(dataDir)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, `${name}.yaml`)
  if (!replace && (await exists(path)))
    throw new GatewatchError(
      'ERR_USAGE',
      `There is a query ${name} already; give --replace, or another name.`,
    )
  await writeWhole(path, text)
  return read.query
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
