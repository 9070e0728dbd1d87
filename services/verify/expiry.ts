import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Instant } from '../../schemas/bounds.ts'
import { writeWhole } from '../runtime/write-whole.ts'

/** Clocks of whoever records, of the log and of the store may differ by this much: rows may seem to go that early. */
const EDGE_MS = 3_600_000

const Kept = z.strictObject({
  /** How long the store kept decisions when this was written. */
  kept_ms: z.int().min(1),
  /** What was recorded before this may have gone while they were kept for a shorter time; null: they never were. */
  gone_before: Instant.nullable(),
})
type Kept = z.infer<typeof Kept>

/** What the store may have let go of by right. */
export interface Expiry {
  /** Of what was recorded before this instant, rows may be gone and nobody is to blame. */
  before(nowMs: number): string
}

/**
 * Works out what may be gone by right, by how long decisions are kept now and by
 * how long they were: to keep them longer brings nothing back, so what a shorter
 * time had let go of until now stays excused. That is remembered in
 * `verify/kept.json` of the data directory, and neither in the log nor in the
 * store: who may write there could excuse what was deleted.
 *
 * `remember`: writes it down, before anything is looked at; one role does, and
 * commands beside it read. Between two starts the shorter time counts to the
 * later one, so no crash and no pause of verification loses any of it.
 */
export async function openExpiry(
  dataDir: string,
  keptMs: number,
  nowMs: number,
  { remember }: { readonly remember: boolean },
): Promise<Expiry> {
  const path = join(dataDir, 'verify', 'kept.json')
  const before = await readKept(path)
  const gone = goneBefore(before, keptMs, nowMs)
  if (remember && (before?.kept_ms !== keptMs || before.gone_before !== gone)) {
    await mkdir(join(dataDir, 'verify'), { recursive: true, mode: 0o700 })
    const now: Kept = { kept_ms: keptMs, gone_before: gone }
    await writeWhole(path, Buffer.from(`${JSON.stringify(now)}\n`))
  }
  return {
    before(atMs) {
      const expired = new Date(atMs - keptMs + EDGE_MS).toISOString()
      return gone !== null && gone > expired ? gone : expired
    },
  }
}

function goneBefore(before: Kept | null, keptMs: number, nowMs: number): string | null {
  // One in the future was made by a clock that was wrong; it would excuse everything.
  const known = before?.gone_before ?? ''
  const gone = known <= new Date(nowMs).toISOString() ? known : ''
  const raised = before !== null && before.kept_ms < keptMs
  const now = raised ? new Date(nowMs - before.kept_ms + EDGE_MS).toISOString() : ''
  return (now > gone ? now : gone) || null
}

/** What can't be read counts as never written: then everything is expected that is kept now. */
async function readKept(path: string): Promise<Kept | null> {
  try {
    return Kept.safeParse(JSON.parse(await readFile(path, 'utf8'))).data ?? null
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    )
      return null
    throw error
  }
}
