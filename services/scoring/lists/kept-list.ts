import { hash } from 'node:crypto'
import { mkdir, open, readFile, rename, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'

const Head = z.strictObject({
  format: z.literal(1),
  /** Hash of where it came from: what another place gave is not this list. */
  origin: z.string(),
  sha256: z.string(),
  fetched_at: z.iso.datetime(),
  etag: z.string().max(1024).optional(),
  last_modified: z.string().max(128).optional(),
  added_after: z.string().max(64).optional(),
  /** When a TAXII collection was last read as a whole. */
  whole_at: z.iso.datetime().optional(),
})

/** A list as it was last fetched, and what its server said of it. */
export interface KeptList {
  readonly content: string
  readonly sha256: string
  /** When this content was first seen. */
  readonly fetched_at: string
  readonly etag?: string | undefined
  readonly last_modified?: string | undefined
  readonly added_after?: string | undefined
  readonly whole_at?: string | undefined
}

export function digestOf(content: string): string {
  return hash('sha256', content, 'hex')
}

/** The last good version and when it was last found to be current, ms; undefined where there is none that is whole. */
export async function readKept(
  path: string,
  origin: string,
): Promise<{ readonly kept: KeptList; readonly checked_ms: number } | undefined> {
  let text: string
  let checkedMs: number
  try {
    text = await readFile(path, 'utf8')
    checkedMs = (await stat(path)).mtimeMs
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const end = text.indexOf('\n')
  const head = Head.safeParse(parsed(text.slice(0, end)))
  const content = text.slice(end + 1)
  if (!head.success || head.data.origin !== origin || head.data.sha256 !== digestOf(content)) return undefined
  const { format: _format, origin: _origin, ...said } = head.data
  return { kept: { content, ...said }, checked_ms: checkedMs }
}

/** Puts a version in the place of the one before: whole or not at all. */
export async function writeKept(path: string, origin: string, kept: KeptList): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const { content, ...said } = kept
  const mine = `${path}.${process.pid}.new`
  const file = await open(mine, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ format: 1, origin, ...said })}\n${content}`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(mine, path)
}

/** Notes that what is kept was current: the file's own time, since writing it again would cost all of its bytes. */
export async function noteChecked(path: string, nowMs: number): Promise<void> {
  await utimes(path, nowMs / 1000, nowMs / 1000)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
