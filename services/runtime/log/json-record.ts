import { hash } from 'node:crypto'
import type { z } from 'zod'
import { readEvent } from '../../../schemas/later.ts'
import { deadLetterOf, type LogTopic, type Topic } from '../../../schemas/topics.ts'
import type { Outcome } from '../outcome.ts'
import type { LogRecord, OutRecord } from './event-log.ts'

/** Largest value that `parseJson` looks at, in bytes. An edge refuses bodies long before this. */
export const MAX_JSON_BYTES = 1_048_576

/** `ce_source` of everything that Gatewatch itself writes. A foreign event's source is given by its adapter. */
const SOURCE = 'gatewatch'

/** Where an event says when it happened; the first that is there becomes `ce_time`. */
const INSTANTS = ['decided_at', 'observed_at', 'updated_at', 'at'] as const

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A value as an event: JSON, with the attributes of CloudEvents 1.0 in binary
 * mode (`ce_` headers, Kafka protocol binding section 3.2.3).
 *
 * `ce_id` is the value's `id`; a value without one is named by the SHA-256 of
 * its bytes, so that a repeat has the same name. `ce_time` is left out when the
 * value knows no instant. `headers` override and add.
 */
export function jsonRecord<T>(
  topic: Topic<T>,
  value: T,
  headers?: Readonly<Record<string, string>>,
): OutRecord {
  const text = JSON.stringify(value)
  const all: Record<string, string> = {
    ce_id: headers?.['ce_id'] ?? ownText(value, 'id') ?? hash('sha256', text, 'hex').slice(0, 32),
    ce_source: SOURCE,
    ce_specversion: '1.0',
    ce_type: topic.name,
  }
  const time = instantOf(value)
  if (time !== undefined) all['ce_time'] = time
  all['content-type'] = 'application/json'
  if (headers !== undefined) Object.assign(all, headers)
  return { topic, key: topic.key(value), value: text, headers: all }
}

/** As `jsonRecord` with these headers, of a value whose JSON and key are there already. */
export function writtenRecord(
  topic: LogTopic,
  key: string,
  json: Uint8Array,
  { ce_id, ce_time }: { readonly ce_id: string; readonly ce_time: string },
): OutRecord {
  const headers = {
    ce_id,
    ce_source: SOURCE,
    ce_specversion: '1.0',
    ce_type: topic.name,
    ce_time,
    'content-type': 'application/json',
  }
  return { topic, key, value: json, headers }
}

export type ParseReason = 'no-value' | 'too-large' | 'invalid-utf8' | 'invalid-json'

/** The JSON value of a record, not yet checked against a schema. Never throws for what it was given. */
export function parseJson(record: Pick<LogRecord, 'value'>): Outcome<unknown, ParseReason> {
  const bytes = record.value
  if (bytes === null) return deadLetter('no-value', 'the record has no value')
  if (bytes.length > MAX_JSON_BYTES) {
    return deadLetter('too-large', `${bytes.length} bytes, at most ${MAX_JSON_BYTES} are read`)
  }
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return deadLetter('invalid-utf8', 'the bytes are not UTF-8')
  }
  try {
    return { kind: 'ok', value: JSON.parse(text) as unknown }
  } catch (error) {
    return deadLetter('invalid-json', error instanceof Error ? error.message.slice(0, 200) : 'not JSON')
  }
}

/**
 * The event of a record that one of our own parts wrote and checked, perhaps in
 * a later version (`schemas/later.ts`); undefined for anything else.
 */
export function readRecord<T>(schema: z.ZodType<T>, record: Pick<LogRecord, 'value'>): T | undefined {
  const json = parseJson(record)
  return json.kind === 'ok' ? readEvent(schema, json.value) : undefined
}

/** Why a record is put aside; `reason` is a code that is counted, `detail` a bounded sentence for people. */
export interface DeadLetterCause {
  readonly reason: string
  readonly detail?: string
}

/** What either log takes, so that what can't be read never stands in its reader's way for being too large as well. */
const MAX_DEAD = { value_bytes: 16 * 1024 * 1024, key_bytes: 65_536, headers_bytes: 262_144 }

/**
 * The original bytes on the topic's dead-letter topic, with where they came from
 * and why, in headers. The largest message that a topic takes fits with them; what
 * only compression let in beyond 16 MiB is cut there, and `cut-from` says how
 * long it was; a key beyond 64 KiB and headers beyond 256 KiB are cut likewise.
 */
export function deadLetterRecord(
  source: LogTopic,
  partition: number,
  record: Pick<LogRecord, 'key' | 'value' | 'offset' | 'headers'>,
  cause: DeadLetterCause,
): OutRecord {
  const value = record.value ?? new Uint8Array()
  const cut: Record<string, string> = {}
  if (value.length > MAX_DEAD.value_bytes) cut['cut-from'] = String(value.length)
  return {
    topic: deadLetterOf(source),
    // A character of a text takes three bytes of UTF-8 at most.
    key:
      record.key.length * 3 > MAX_DEAD.key_bytes ? record.key.slice(0, MAX_DEAD.key_bytes / 4) : record.key,
    value: value.length > MAX_DEAD.value_bytes ? value.subarray(0, MAX_DEAD.value_bytes) : value,
    headers: {
      ...(headersBytes(record.headers) > MAX_DEAD.headers_bytes ? { 'headers-cut': 'true' } : record.headers),
      ...cut,
      reason: cause.reason,
      detail: (cause.detail ?? '').slice(0, 500),
      'source-topic': source.name,
      'source-partition': String(partition),
      'source-offset': String(record.offset),
    },
  }
}

function headersBytes(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce((sum, [name, text]) => sum + 3 * (name.length + text.length), 0)
}

function deadLetter(reason: ParseReason, detail: string): Outcome<never, ParseReason> {
  return { kind: 'dead-letter', reason, detail }
}

function instantOf(value: unknown): string | undefined {
  for (const name of INSTANTS) {
    const instant = ownText(value, name)
    if (instant !== undefined) return instant
  }
  return undefined
}

function ownText(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined
  const found: unknown = Reflect.get(value, name)
  return typeof found === 'string' ? found : undefined
}
