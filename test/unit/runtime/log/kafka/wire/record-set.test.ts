import { zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { accessDecisions } from '../../../../../../schemas/topics.ts'
import type { OutRecord } from '../../../../../../services/runtime/log/event-log.ts'
import { Writer } from '../../../../../../services/runtime/log/kafka/wire/bytes.ts'
import { crc32c } from '../../../../../../services/runtime/log/kafka/wire/crc32c.ts'
import { encodeBatch } from '../../../../../../services/runtime/log/kafka/wire/record-batch.ts'
import { readRecordSet } from '../../../../../../services/runtime/log/kafka/wire/record-set.ts'

const now = Date.UTC(2026, 0, 1)

describe('CRC-32C', () => {
  it('gives the documented example', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  })

  it('gives the examples of RFC 3720, appendix B.4', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e)
  })
})

describe('what is written is read again', () => {
  const records = [
    record('k', 'value'),
    record('ключ', 'größer', { ce_id: '1', 'x-own': 'é' }),
    { ...record('gone', ''), value: null },
    record('bytes', Buffer.from([0, 255, 1])),
    record('long', 'x'.repeat(70_000)),
  ]

  it.each(['none', 'gzip', 'zstd'] as const)('compression %s', (compression) => {
    const read = readRecordSet(batch(100, records, { compression }), 100, [])
    expect(read.records.map(({ key }) => key)).toEqual(records.map(({ key }) => key))
    expect(read.records.map(({ value }) => value && Buffer.from(value))).toEqual(
      records.map(({ value }) => (value === null ? null : Buffer.from(value))),
    )
    expect(read.records[1]?.headers).toEqual({ ce_id: '1', 'x-own': 'é' })
    expect(read.records.map(({ offset }) => offset)).toEqual([100, 101, 102, 103, 104])
    expect(read.records[0]?.appended_ms).toBe(now)
    expect(read.next).toBe(105)
  })

  it('only from the offset that was asked for', () => {
    expect(readRecordSet(batch(100, records), 103, []).records.map(({ offset }) => offset)).toEqual([
      103, 104,
    ])
  })

  it('up to the last whole batch: an answer may end in the middle of one', () => {
    const set = Buffer.concat([batch(0, records), batch(5, records).subarray(0, 90)])
    const read = readRecordSet(set, 0, [])
    expect(read.records).toHaveLength(5)
    expect(read.next).toBe(5)
  })
})

describe('the position moves past', () => {
  it('a batch in which compaction left nothing', () => {
    const empty = batch(10, [], { last: 4 })
    expect(readRecordSet(empty, 10, [])).toMatchObject({ records: [], next: 15 })
  })

  it('the records that compaction took from a batch’s end', () => {
    expect(readRecordSet(batch(10, [record('a', '1')], { last: 9 }), 10, []).next).toBe(20)
  })

  it('a commit marker at the end', () => {
    const set = Buffer.concat([batch(0, [record('a', '1')], { producer: 7 }), marker(1, 7, 'commit')])
    const read = readRecordSet(set, 0, [])
    expect(read.records).toHaveLength(1)
    expect(read.next).toBe(2)
  })
})

describe('an aborted transaction', () => {
  it('is not read, while those of other producers, and its producer’s next one, are', () => {
    const set = Buffer.concat([
      batch(0, [record('a', 'aborted')], { producer: 7 }),
      batch(1, [record('b', 'kept')], { producer: 8 }),
      marker(2, 7, 'abort'),
      batch(3, [record('c', 'later')], { producer: 7 }),
      marker(4, 8, 'commit'),
      marker(5, 7, 'commit'),
    ])
    const read = readRecordSet(set, 0, [{ producer: 7, first: 0 }])
    expect(read.records.map(({ key }) => key)).toEqual(['b', 'c'])
    expect(read.next).toBe(6)
  })

  it('that began before the position is not read either', () => {
    const set = Buffer.concat([batch(5, [record('a', 'aborted')], { producer: 7 }), marker(6, 7, 'abort')])
    expect(readRecordSet(set, 5, [{ producer: 7, first: 2 }]).records).toEqual([])
  })
})

describe('a batch that nobody can read becomes one record with its bytes, and the next one is read', () => {
  const good = batch(3, [record('after', '1')])

  it('with a wrong checksum', () => {
    const damaged = batch(0, [record('a', '1'), record('b', '2'), record('c', '3')])
    damaged.writeUInt8(damaged.readUInt8(70) ^ 1, 70)
    const read = readRecordSet(Buffer.concat([damaged, good]), 0, [])
    expect(read.records.map(({ offset, key }) => [offset, key])).toEqual([
      [0, ''],
      [3, 'after'],
    ])
    expect(read.records[0]?.headers).toEqual({ unreadable: 'a wrong checksum' })
    expect(Buffer.from(read.records[0]?.value ?? [])).toEqual(damaged)
  })

  it.each([
    [2, 'compressed with snappy'],
    [3, 'compressed with lz4'],
  ])('with codec %i', (codec, why) => {
    const foreign = batch(0, [record('a', '1')], { last: 2 })
    foreign.writeInt16BE(codec, 21)
    foreign.writeUInt32BE(crc32c(foreign.subarray(21)), 17)
    const read = readRecordSet(Buffer.concat([foreign, good]), 0, [])
    expect(read.records[0]?.headers).toEqual({ unreadable: why })
    expect(read.next).toBe(4)
  })

  it('that would unpack to more than the memory holds', () => {
    const bomb = zstdCompressSync(Buffer.alloc(200 * 1024 * 1024))
    const head = batch(0, [record('a', '1')]).subarray(0, 61)
    const set = Buffer.concat([head, bomb])
    set.writeInt32BE(set.length - 12, 8)
    set.writeInt16BE(4, 21)
    set.writeUInt32BE(crc32c(set.subarray(21)), 17)
    expect(readRecordSet(set, 0, []).records).toHaveLength(1)
  })
})

function record(key: string, value: string | Buffer, headers?: Record<string, string>): OutRecord {
  return { topic: accessDecisions, key, value, ...(headers === undefined ? {} : { headers }) }
}

/** A batch as a broker stores it: with its offsets; `last` is the delta that its header names. */
function batch(
  base: number,
  records: readonly OutRecord[],
  options: { compression?: 'none' | 'gzip' | 'zstd'; producer?: number; last?: number } = {},
): Buffer {
  const { compression = 'none', producer = -1, last = records.length - 1 } = options
  const bytes = Buffer.from(
    encodeBatch(records, {
      producer: { id: producer, epoch: 0 },
      sequence: 0,
      transactional: producer >= 0,
      compression,
      now,
    }),
  )
  bytes.writeBigInt64BE(BigInt(base), 0)
  bytes.writeInt32BE(last, 23)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}

/** A control batch: one record whose key says how the transaction ended. */
function marker(offset: number, producer: number, end: 'commit' | 'abort'): Buffer {
  const key = new Writer()
  key.int16(0)
  key.int16(end === 'commit' ? 1 : 0)
  const bytes = batch(offset, [record(key.written().toString('latin1'), '')], { producer })
  bytes.writeInt16BE(0x30, 21)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}
