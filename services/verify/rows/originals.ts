import { parseDecision, type Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'
import type { Numbers } from './read-rows.ts'
import { stretchAt } from './slices.ts'
import { compareStretches, type Stretch } from './stretch.ts'

/** Records of a partition that are looked through at most. */
const MOST_RECORDS = 200_000
/** How far clocks of whoever decides, whoever signs and the log may differ. */
const LATE_MS = 60_000

/** Numbers of a stretch, both ends included. */
export interface Sought {
  readonly stretch: Stretch
  readonly seq_from: number
  readonly seq_to: number
}

/** Finds decisions as the log still holds them, by `<pep>/<boot>/<seq>` (`placeName`). */
export type FindOriginals = (sought: readonly Sought[]) => Promise<ReadonlyMap<string, Decision>>

export function placeName({ pep_id, boot_id }: Pick<Numbers, 'pep_id' | 'boot_id'>, seq: number): string {
  return `${pep_id}/${boot_id}/${seq}`
}

/**
 * What the log still holds of these numbers. The place is found by halving, since offsets rise with
 * the time of appending; only records that name a boot are parsed.
 */
export async function findOriginals(
  eventLog: EventLog,
  sought: readonly Sought[],
): Promise<ReadonlyMap<string, Decision>> {
  const found = new Map<string, Decision>()
  if (sought.length === 0) return found
  const boots = [...new Set(sought.map(({ stretch }) => stretch.boot_id))].map((boot) =>
    Buffer.from(`"${boot}"`),
  )
  const wanted = sought
    .map(({ stretch: { pep_id, boot_id }, seq_from, seq_to }) => ({ pep_id, boot_id, seq_from, seq_to }))
    .sort(compareStretches)
  const times = sought.map(({ stretch }) => appendedBetween(stretch))
  const fromMs = Math.min(...times.map(({ from }) => from))
  const toMs = Math.max(...times.map(({ to }) => to))
  for (const { partition, low, high } of await eventLog.watermarks(accessDecisions)) {
    const from = await firstAfter(eventLog, partition, low, high, fromMs)
    const to = Math.min(high, from + MOST_RECORDS)
    if (from >= to) continue
    for await (const records of eventLog.read(accessDecisions, { partition, from, to })) {
      for (const { value } of records) {
        if (value === null) continue
        const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
        if (!boots.some((boot) => bytes.includes(boot))) continue
        const json = parseJson({ value })
        const decision = json.kind === 'ok' ? parseDecision(json.value).data : undefined
        if (!decision?.pep) continue
        const { id, boot_id, seq } = decision.pep
        if (boot_id === undefined || seq === undefined) continue
        if (stretchAt(wanted, { pep_id: id, boot_id, seq }))
          found.set(placeName({ pep_id: id, boot_id }, seq), decision)
      }
      if ((records.at(-1)?.appended_ms ?? 0) > toMs) break
    }
  }
  return found
}

/** A checkpoint is signed once its decisions are in the log, however long they lay in a spool before. */
function appendedBetween({ decided_to, signed_at, recorded_from }: Stretch): { from: number; to: number } {
  const to = Math.max(Date.parse(decided_to), Date.parse(signed_at)) + LATE_MS
  return { from: Date.parse(recorded_from) - LATE_MS, to }
}

async function firstAfter(
  eventLog: EventLog,
  partition: number,
  low: number,
  high: number,
  atMs: number,
): Promise<number> {
  let from = low
  let to = high
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    if ((await appendedAt(eventLog, partition, middle)) < atMs) from = middle + 1
    else to = middle
  }
  return from
}

async function appendedAt(eventLog: EventLog, partition: number, offset: number): Promise<number> {
  for await (const [record] of eventLog.read(accessDecisions, { partition, from: offset, to: offset + 1 }))
    if (record) return record.appended_ms
  // Retention took it meanwhile.
  return 0
}
