import { hash } from 'node:crypto'
import { isObject, textOf, type JsonObject } from '../../formats/json.ts'
import { MAX_JSON_BYTES, RAW_LIMIT, sourceRecord } from '../../source/record.ts'
import type { OfferedRecord } from '../offer.ts'

export interface PulledEvents {
  readonly records: readonly OfferedRecord[]
  /** A member of each event that has it. */
  all(member: string): readonly string[]
}

/**
 * The events of a page: an array, or the array in `wrapper`. Each is known by
 * its `id` member alone, whatever else of it changes later.
 *
 * @throws Error when the page is none
 */
export function offeredEvents(body: Buffer, wrapper: string | null, id: string): PulledEvents {
  const page: unknown = JSON.parse(body.toString('utf8'))
  const list = wrapper === null ? page : isObject(page) ? page[wrapper] : undefined
  if (!Array.isArray(list)) throw new Error('the API gave no list of events')
  const events = list.filter(isObject)
  return {
    records: events.map((event, nth) => offeredEvent(event, nth, id)),
    all: (member) => events.map((event) => textOf(event, member)).filter((text) => text !== ''),
  }
}

function offeredEvent(event: JsonObject, nth: number, id: string): OfferedRecord {
  const raw = Buffer.from(JSON.stringify(event))
  const name = textOf(event, id)
  const place = { line: nth + 1, byte: 0 }
  const record =
    raw.length > MAX_JSON_BYTES
      ? sourceRecord(raw.subarray(0, RAW_LIMIT), place, 'too_long', raw.length)
      : sourceRecord(raw, place)
  return {
    record,
    identity: name === '' ? hash('sha256', raw, 'hex') : name,
    repeats: true,
    changes: name !== '',
  }
}
