import { appendFile, mkdir, open, readdir } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Checkpoint } from '../../../schemas/checkpoint.ts'

/** A checkpoint is at most about 4 KiB: enough to find the last line by. */
const TAIL_BYTES = 65_536

/**
 * Checkpoints outside the store and the log: files that are only ever appended
 * to, one a month and enforcement point, a line each. Put on a disk that others
 * can't write (a mount that only allows appending), they show what happened when
 * both log and store were cut.
 */
export interface CheckpointFile {
  /** The newest whole one. */
  readonly last: Checkpoint | null
  /** Resolves when it is on disk. */
  append(checkpoint: Checkpoint): Promise<void>
}

export async function openCheckpointFile(directory: string, pepId: string): Promise<CheckpointFile> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const name = pepId.replaceAll(/[^\w.-]/g, '_')
  const files = (await readdir(directory))
    .filter((file) => file.startsWith(`${name}.`) && MONTHLY.test(file))
    .sort()
  let last: Checkpoint | null = null
  for (const file of files.reverse()) {
    last = await lastOf(join(directory, file), pepId)
    if (last !== null) break
  }
  return {
    last,
    async append(checkpoint) {
      const path = join(directory, `${name}.${checkpoint.signed_at.slice(0, 7)}.jsonl`)
      // A new line first: a line that a crash cut off must not swallow this one.
      await appendFile(path, `\n${JSON.stringify(checkpoint)}\n`, { mode: 0o600, flush: true })
    },
  }
}

/** Every checkpoint in the files of a directory (none, where there is none), or in one file; lines that are none are passed over. */
export async function* readCheckpointFiles(path: string): AsyncIterable<Checkpoint> {
  const names = await readdir(path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ENOTDIR') return null
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = names === null ? [path] : names.filter((n) => MONTHLY.test(n)).map((n) => join(path, n))
  for (const file of files.sort()) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const checkpoint = parseLine(line)
      if (checkpoint !== null) yield checkpoint
    }
  }
}

const MONTHLY = /\.\d{4}-\d{2}\.jsonl$/

async function lastOf(path: string, pepId: string): Promise<Checkpoint | null> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
    await file.read(bytes, 0, bytes.length, size - bytes.length)
    for (const line of bytes.toString('utf8').split('\n').reverse()) {
      const checkpoint = parseLine(line)
      if (checkpoint?.pep_id === pepId) return checkpoint
    }
    return null
  } finally {
    await file.close()
  }
}

function parseLine(line: string): Checkpoint | null {
  if (!line.startsWith('{')) return null
  try {
    return Checkpoint.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}
