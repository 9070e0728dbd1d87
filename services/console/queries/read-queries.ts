import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MOST_QUERY_CHARACTERS, parseQuery, type SavedQuery } from './saved-query.ts'

const SHIPPED = fileURLToPath(new URL('../../../deploy/queries/', import.meta.url))
const MOST_FILES = 500

export interface QueryList {
  /** By name; the operator's own come before ours of the same name. */
  readonly queries: ReadonlyMap<string, SavedQuery>
  /** Files that can't be used, and why. */
  readonly problems: readonly { readonly file: string; readonly problem: string }[]
}

/** Where the operator's own queries are. */
export function queryDirectory(dataDir: string): string {
  return join(dataDir, 'queries')
}

/** Reads what is shipped and what is the operator's own, anew each time: a file that is put there can be asked at once. */
export async function readQueries(dataDir: string, shipped = SHIPPED): Promise<QueryList> {
  const queries = new Map<string, SavedQuery>()
  const problems: { file: string; problem: string }[] = []
  for (const [directory, origin] of [
    [shipped, 'shipped'],
    [queryDirectory(dataDir), 'own'],
  ] as const) {
    const files = (await readdir(directory).catch(noDirectory))
      .filter((name) => name.endsWith('.yaml'))
      .toSorted()
    for (const file of files.slice(0, MOST_FILES)) {
      const path = join(directory, file)
      const text = await readSmall(path)
      const read = text === null ? TOO_LARGE : parseQuery(file.slice(0, -'.yaml'.length), origin, text)
      if ('query' in read) queries.set(read.query.name, read.query)
      else problems.push({ file: path, problem: read.problem })
    }
  }
  return { queries, problems }
}

const TOO_LARGE = { problem: `it is larger than ${MOST_QUERY_CHARACTERS} bytes` }

async function readSmall(path: string): Promise<string | null> {
  const { size } = await stat(path)
  return size > MOST_QUERY_CHARACTERS ? null : readFile(path, 'utf8')
}

function noDirectory(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
  throw error
}
