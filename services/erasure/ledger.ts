import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Erasure } from '../../schemas/erasure.ts'
import { Person } from './person.ts'

/** An erasure under way: who it is, in a file of its own, until nothing of the person is left to be found. */
const Pending = z.strictObject({ erasure: Erasure, person: Person })
export type Pending = z.infer<typeof Pending>

/**
 * Erasures as files, beside the log: `erasures.jsonl` says the same as the
 * topic and is no part of the log, so that a restored backup, whose log is older,
 * can be told what was erased since. It holds no names.
 */
export interface Ledger {
  readonly path: string
  /** The newest line of each erasure. */
  all(): Promise<readonly Erasure[]>
  /** Adds a line; on disk when it resolves. */
  add(erasure: Erasure): Promise<void>
}

/** The newest line of each erasure in a file; a line that was cut off is none, and neither is a file that is not there. */
export async function readErasures(path: string): Promise<readonly Erasure[]> {
  const newest = new Map<string, Erasure>()
  for (const line of (await readIfThere(path)).split('\n')) {
    const erasure = Erasure.safeParse(parsed(line))
    if (erasure.success) newest.set(nameOf(erasure.data), erasure.data)
  }
  return [...newest.values()]
}

/** Takes up what another file knows: of an erasure that is done there, this one says so too. */
export async function takeUp(ledger: Ledger, erasures: readonly Erasure[]): Promise<void> {
  const known = new Map((await ledger.all()).map((erasure) => [nameOf(erasure), erasure.state]))
  for (const erasure of erasures) {
    const state = known.get(nameOf(erasure))
    if (state !== 'done' && state !== erasure.state) await ledger.add(erasure)
  }
}

function nameOf({ tenant, id }: Erasure): string {
  return `${tenant}/${id}`
}

export function openLedger(directory: string): Ledger {
  const path = join(directory, 'erasures.jsonl')
  return {
    path,
    all: () => readErasures(path),
    async add(erasure) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const torn = !/(?:^|\n)$/.test(await readIfThere(path))
      const file = await open(path, 'a', 0o600)
      try {
        // A crash may have left half a line, which must not take this one along.
        await file.writeFile(`${torn ? '\n' : ''}${JSON.stringify(erasure)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },
  }
}

/** Writes down who is erased, before anything is: what leads to the person can't be found out once it is half gone. */
export async function writePending(dataDir: string, pending: Pending): Promise<void> {
  const directory = pendingDirectory(dataDir)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, `${pending.erasure.id}.json`)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(pending))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

export async function readPending(dataDir: string): Promise<readonly Pending[]> {
  const directory = pendingDirectory(dataDir)
  const found: Pending[] = []
  for (const name of await namesIn(directory)) {
    if (!name.endsWith('.json')) continue
    const pending = Pending.safeParse(parsed(await readFile(join(directory, name), 'utf8')))
    if (pending.success) found.push(pending.data)
  }
  return found
}

/** Forgets the names; half-written files go too. */
export async function removePending(dataDir: string, id: string): Promise<void> {
  const directory = pendingDirectory(dataDir)
  for (const name of await namesIn(directory))
    if (name === `${id}.json` || name.endsWith('.new')) await rm(join(directory, name), { force: true })
}

function pendingDirectory(dataDir: string): string {
  return join(dataDir, 'erasures', 'pending')
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
