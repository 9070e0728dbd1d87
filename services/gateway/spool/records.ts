import type { OutRecord } from '../../runtime/log/event-log.ts'

/** A decision as it goes to the log; its text is final, so a repeat writes the very same bytes. */
export interface SpoolRecord {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** `count (u32)`, then for each record key, headers as JSON, and value, each with its length (u32) before it. */
export function encodeRecords(records: readonly SpoolRecord[]): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(records.length)
  const parts = [count]
  for (const { key, value, headers } of records) {
    for (const text of [key, JSON.stringify(headers), value]) {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      parts.push(length, bytes)
    }
  }
  return Buffer.concat(parts)
}

/** The records of an authenticated frame. Throws a RangeError for bytes that `encodeRecords` never gave. */
export function decodeRecords(bytes: Buffer): SpoolRecord[] {
  let at = 4
  const text = () => {
    const length = bytes.readUInt32BE(at)
    const from = at + 4
    if (from + length > bytes.length) throw new RangeError('a spooled record ends before it should')
    at = from + length
    return bytes.toString('utf8', from, at)
  }
  const records: SpoolRecord[] = []
  for (let left = bytes.readUInt32BE(0); left > 0; left -= 1) {
    const key = text()
    const headers = headersOf(JSON.parse(text()))
    records.push({ key, headers, value: text() })
  }
  return records
}

/** What the recorder hands over, as the spool keeps it. */
export function toSpoolRecord({ key, value, headers }: OutRecord): SpoolRecord {
  if (typeof value !== 'string') throw new TypeError('only decisions as text are spooled')
  return { key, value, headers: headers ?? {} }
}

function headersOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
}
