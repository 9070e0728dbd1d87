import { unusable, type Draft, type Reading, type RecordReader } from './format.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

export type JsonObject = Readonly<Record<string, unknown>>

/** Members under which CloudTrail and Azure (`Records`, `records`) and Microsoft Graph (`value`) put their records. */
export const WRAPPERS: readonly string[] = ['Records', 'records', 'value']

/**
 * A reader of JSON records from a function of one object. A record that is an
 * array or a wrapper on one line gives the decisions of all its objects; one
 * bad object refuses the record, since it is put aside as a whole.
 */
export function jsonReader(
  readObject: (value: JsonObject) => Reading,
  wrappers: readonly string[] = WRAPPERS,
): RecordReader {
  return {
    contentOf(text) {
      try {
        return JSON.stringify(JSON.parse(text))
      } catch {
        return text.trim()
      }
    },
    read(text) {
      if (text.trim() === '') return { kind: 'drop', reason: 'blank' }
      if (isTooDeep(text)) return unusable('json_invalid', `nested more than ${MAX_DEPTH} deep`)
      let value: unknown
      try {
        value = JSON.parse(text)
      } catch (error) {
        return unusable('json_invalid', error instanceof Error ? error.message : 'no JSON')
      }
      return readAll(elementsOf(value, wrappers), readObject)
    },
  }
}

/** No log nests so deep; writing such a value out again would overflow the stack. */
const MAX_DEPTH = 64

/** Whether JSON nests more than 64 deep; it need not be valid. */
export function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth += 1
      if (depth > MAX_DEPTH) return true
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1
  }
  return false
}

function readAll(elements: readonly unknown[], readObject: (value: JsonObject) => Reading): Reading {
  const drafts: Draft[] = []
  const eventIds: string[] = []
  let skipped: Reading | null = null
  for (const element of elements) {
    if (!isObject(element)) return unusable('record_invalid', 'not a JSON object')
    const reading = readObject(element)
    if (reading.kind === 'dead-letter') return reading
    if (reading.kind === 'drop') skipped = reading
    else {
      drafts.push(...reading.value)
      eventIds.push(...reading.value.map((_, nth) => reading.event_ids?.[nth] ?? ''))
    }
  }
  return drafts.length === 0 && skipped !== null
    ? skipped
    : { kind: 'ok', value: drafts, event_ids: eventIds }
}

function elementsOf(value: unknown, wrappers: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (!isObject(value)) return [value]
  for (const key of wrappers) {
    const inner = value[key]
    if (Array.isArray(inner) && !('id' in value)) return inner
  }
  return [value]
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member as text: a string, or a number or boolean written out; '' when there is none. */
export function textOf(object: JsonObject | undefined, key: string): string {
  const value = object?.[key]
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

export function objectOf(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key]
  return isObject(value) ? value : undefined
}
