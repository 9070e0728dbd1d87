import type { ClickHouseClient } from '@clickhouse/client'
import type { ExportClass } from './ocsf-records.ts'
import { readSpan, storedSpans, type StoredRange } from './read-stored.ts'

/** Where lines go; resolves when they are taken, so that memory stays small. */
export type WriteLines = (lines: string) => Promise<void>

/** Writes what is stored of a range as one OCSF event a line, in the order of event time. Returns how many. */
export async function exportStored(
  client: ClickHouseClient,
  of: ExportClass,
  range: StoredRange,
  write: WriteLines,
  progress: (done: number, all: number) => void,
): Promise<number> {
  const spans = await storedSpans(client, of, range)
  const all = spans.reduce((sum, { count }) => sum + count, 0)
  let done = 0
  progress(0, all)
  for (const span of spans) {
    for await (const rows of readSpan(client, of, range, span)) {
      await write(rows.map(({ event }) => `${JSON.stringify(event)}\n`).join(''))
      done += rows.length
      progress(done, Math.max(all, done))
    }
  }
  return done
}
