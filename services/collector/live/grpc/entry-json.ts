import { isObject, type JsonObject } from '../../formats/json.ts'

/** Nesting of metadata that is followed; the format looks no deeper. */
const MAX_DEPTH = 16

/**
 * An access log entry as protobuf's JSON mapping writes it, from the object that
 * the wire was decoded to: instants and durations as text, wrapped numbers
 * unwrapped, metadata as the JSON that it stands for.
 *
 * @see "ProtoJSON Format", protobuf.dev; google/protobuf/{timestamp,duration,struct,wrappers}.proto.
 */
export function entryJson(entry: JsonObject): JsonObject {
  const common = entry['common_properties']
  const response = entry['response']
  return {
    ...entry,
    ...(isObject(common) && { common_properties: commonJson(common) }),
    ...(isObject(response) && {
      response: { ...response, response_code: unwrapped(response['response_code']) },
    }),
  }
}

function commonJson(common: JsonObject): JsonObject {
  const metadata = common['metadata']
  const filters = isObject(metadata) ? metadata['filter_metadata'] : undefined
  return {
    ...common,
    start_time: instantJson(common['start_time']),
    duration: durationJson(common['duration']),
    ...(isObject(filters) && {
      metadata: {
        filter_metadata: Object.fromEntries(
          Object.entries(filters).map(([filter, struct]) => [filter, structJson(struct, 0)]),
        ),
      },
    }),
  }
}

function instantJson(timestamp: unknown): string | undefined {
  const parts = secondsOf(timestamp)
  if (parts === null) return undefined
  const date = new Date(parts.seconds * 1000)
  if (Number.isNaN(date.getTime())) return undefined
  return date.toISOString().replace(/\.\d+Z$/, `.${String(parts.nanos).padStart(9, '0')}Z`)
}

function durationJson(duration: unknown): string | undefined {
  const parts = secondsOf(duration)
  return parts === null ? undefined : `${parts.seconds}.${String(Math.abs(parts.nanos)).padStart(9, '0')}s`
}

function secondsOf(value: unknown): { seconds: number; nanos: number } | null {
  if (!isObject(value)) return null
  return { seconds: Number(value['seconds'] ?? 0), nanos: Number(value['nanos'] ?? 0) }
}

function unwrapped(wrapper: unknown): unknown {
  return isObject(wrapper) ? (wrapper['value'] ?? 0) : undefined
}

function structJson(struct: unknown, depth: number): unknown {
  const fields = isObject(struct) ? struct['fields'] : undefined
  if (!isObject(fields) || depth > MAX_DEPTH) return {}
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, valueJson(value, depth)]))
}

function valueJson(value: unknown, depth: number): unknown {
  if (!isObject(value)) return null
  for (const kind of ['stringValue', 'numberValue', 'boolValue']) {
    if (value[kind] !== undefined) return value[kind]
  }
  if (value['structValue'] !== undefined) return structJson(value['structValue'], depth + 1)
  const list = value['listValue']
  const values = isObject(list) ? list['values'] : undefined
  return Array.isArray(values) && depth <= MAX_DEPTH ? values.map((one) => valueJson(one, depth + 1)) : null
}
