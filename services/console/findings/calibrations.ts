import type { Calibration } from '../../../schemas/calibration.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

/** Every calibration that was published, as the log has them. */
export interface Calibrations {
  /** The newest of a tenant that was made at this instant or before; null: there was none. */
  newestBefore(tenant: string, instant: string): Promise<Calibration | null>
}

export interface CalibrationBounds {
  /** Places that are remembered, the newest: some 200 bytes each. A role makes four a day for each tenant. */
  readonly most_known?: number
  /** Calibrations that are held, those asked for last: up to a megabyte each. */
  readonly most_held?: number
}

const CALIBRATION = /^[^/]+\/calibration\//

interface Place {
  readonly at: string
  readonly partition: number
  readonly offset: number
}

/**
 * Remembers where in the log each calibration lies, and reads on from where it
 * stopped: what everybody's heartbeats fill is read through once and not at
 * every question. Keys and headers tell which it is, so that one record alone,
 * which may hold a hundred kilobytes, is parsed. A question about what is older
 * than all that is remembered reads through everything again.
 */
export function openCalibrations(
  eventLog: Pick<EventLog, 'watermarks' | 'read'>,
  { most_known = 50_000, most_held = 8 }: CalibrationBounds = {},
): Calibrations {
  const known = new Map<string, Place>()
  const held = new Map<string, Calibration>()
  const cursors = new Map<number, number>()
  /** When the newest of those was made that are no longer remembered. */
  let forgotten_to = ''
  let reading: Promise<void> = Promise.resolve()

  async function readOn(): Promise<void> {
    for (const { partition, low, high } of await eventLog.watermarks(control)) {
      const from = Math.max(low, cursors.get(partition) ?? low)
      for await (const [key, place] of placesIn(eventLog, partition, from, high)) {
        known.delete(key)
        if (place.at !== null) known.set(key, { ...place, at: place.at })
        cursors.set(partition, place.offset + 1)
        if (known.size > most_known) forgetOldest()
      }
      cursors.set(partition, high)
    }
  }

  function forgetOldest(): void {
    for (const [key, { at }] of known) {
      known.delete(key)
      if (at > forgotten_to) forgotten_to = at
      return
    }
  }

  async function placeOf(tenant: string, instant: string): Promise<Place | undefined> {
    const prefix = prefixOf(tenant)
    let newest: Place | undefined
    for (const [key, place] of known)
      if (key.startsWith(prefix) && isNewer(place, instant, newest)) newest = place
    if ((newest?.at ?? '') >= forgotten_to) return newest
    for (const { partition, low, high } of await eventLog.watermarks(control))
      for await (const [key, { at, offset }] of placesIn(eventLog, partition, low, high)) {
        if (at === null || !key.startsWith(prefix)) continue
        const place = { at, partition, offset }
        if (isNewer(place, instant, newest)) newest = place
      }
    return newest
  }

  async function read({ partition, offset }: Place): Promise<Calibration | null> {
    const name = `${partition}/${offset}`
    const before = held.get(name)
    held.delete(name)
    const calibration = before ?? (await calibrationAt(eventLog, partition, offset))
    if (calibration === null) return null
    held.set(name, calibration)
    for (const oldest of held.keys()) {
      if (held.size <= most_held) break
      held.delete(oldest)
    }
    return calibration
  }

  return {
    async newestBefore(tenant, instant) {
      // One reads at a time; who comes meanwhile wants what is new since.
      const read_on = reading.then(readOn, readOn)
      reading = read_on.catch(() => undefined)
      await read_on
      const place = await placeOf(tenant, instant)
      return place === undefined ? null : read(place)
    },
  }
}

/** Calibrations in a range of the log, by key; without an instant where one was taken back. */
async function* placesIn(
  eventLog: Pick<EventLog, 'read'>,
  partition: number,
  from: number,
  to: number,
): AsyncIterable<[key: string, place: Omit<Place, 'at'> & { readonly at: string | null }]> {
  if (from >= to) return
  for await (const records of eventLog.read(control, { partition, from, to }))
    for (const { key, value, headers, offset } of records)
      if (CALIBRATION.test(key))
        yield [key, { at: value === null ? null : (headers['ce_time'] ?? ''), partition, offset }]
}

async function calibrationAt(
  eventLog: Pick<EventLog, 'read'>,
  partition: number,
  offset: number,
): Promise<Calibration | null> {
  for await (const records of eventLog.read(control, { partition, from: offset, to: offset + 1 }))
    for (const record of records) {
      const read = record.offset === offset ? readRecord(control.schema, record) : undefined
      if (read?.kind === 'calibration') return read.calibration
    }
  return null
}

function isNewer({ at }: Place, instant: string, than: Place | undefined): boolean {
  return at <= instant && at >= (than?.at ?? '')
}

function prefixOf(tenant: string): string {
  return `${tenant}/calibration/`
}
