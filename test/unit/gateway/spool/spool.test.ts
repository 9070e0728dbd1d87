import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FRAME_HEAD_BYTES, HEADER_BYTES, readHeader } from '../../../../services/gateway/spool/frame.ts'
import { spoolKeys } from '../../../../services/gateway/spool/keys.ts'
import type { SpoolRecord } from '../../../../services/gateway/spool/records.ts'
import { openSpool } from '../../../../services/gateway/spool/spool.ts'
import type { Spool } from '../../../../services/gateway/spool/spool.ts'
import { tempDir } from '../../../support/gateway/gateway.ts'

const FIRST_KEY = 'first-key-0123456789abcdef0123456789'
const SECOND_KEY = 'second-key-0123456789abcdef012345678'
let dir: Awaited<ReturnType<typeof tempDir>>
const opened: Spool[] = []

beforeEach(async () => {
  dir = await tempDir()
})

afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close()
  await dir.release()
})

async function start(over: { secrets?: string[]; max_bytes?: number; directory?: string } = {}) {
  const { secrets = [FIRST_KEY], max_bytes = 64 * 1024 * 1024, directory = dir.path } = over
  const result = await openSpool({ directory, keys: spoolKeys(secrets), max_bytes })
  opened.push(result.spool)
  return result
}

function record(number: number, padding = 0): SpoolRecord {
  return {
    key: `default/subject/user:alice-${number}`,
    value: JSON.stringify({ number, padding: 'x'.repeat(padding) }),
    headers: { ce_id: String(number) },
  }
}

const numbers = (records: readonly SpoolRecord[]) => records.map(({ headers }) => Number(headers['ce_id']))

/** Everything that the spool holds, oldest first, releasing it. */
async function drain(spool: Spool): Promise<{ numbers: number[]; damaged: boolean }> {
  const found: number[] = []
  let damaged = false
  for (;;) {
    const front = await spool.front(500)
    if (front === null) return { numbers: found, damaged }
    found.push(...numbers(front.records))
    damaged ||= front.damaged
    await spool.release(front)
  }
}

async function segments(): Promise<string[]> {
  const names = await readdir(dir.path)
  return names.filter((name) => name.endsWith('.segment')).sort()
}

/** Fills several files of some records each; what is in which frame follows from the order. */
async function fill(count: number, padding = 0, each = 1): Promise<void> {
  const { spool } = await start()
  for (let from = 0; from < count; from += each)
    expect(
      await spool.append(Array.from({ length: each }, (_, index) => record(from + index, padding))),
    ).toBe(true)
  await spool.close()
}

describe('order', () => {
  it('is first in, first out, over restarts at any moment, whatever was released', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('release' as const), count: fc.integer({ min: 1, max: 8 }) }),
      fc.constant({ kind: 'restart' as const, count: 0 }),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const directory = join(dir.path, String((run += 1)))
        let { spool } = await start({ directory })
        const waiting: number[] = []
        let next = 0
        for (const { kind, count } of steps) {
          if (kind === 'append') {
            const batch = Array.from({ length: count }, () => record((next += 1)))
            strictEqual(await spool.append(batch), true)
            waiting.push(...numbers(batch))
          } else if (kind === 'release') {
            const front = await spool.front(count)
            if (front === null) deepStrictEqual(waiting, [])
            else {
              const gone = numbers(front.records)
              deepStrictEqual(gone, waiting.slice(0, gone.length))
              waiting.splice(0, gone.length)
              await spool.release(front)
            }
          } else {
            await spool.close()
            const before = waiting.length
            spool = (await start({ directory })).spool
            // What was released of a file that still holds more comes again: the log is asked about it.
            const front = await spool.front(100_000)
            const held = front === null ? [] : numbers(front.records)
            ok(spool.records >= before)
            if (before === 0) continue
            waiting.unshift(...held.slice(0, held.indexOf(waiting[0] ?? -1)))
          }
          expect(spool.records).toBe(waiting.length)
        }
        expect((await drain(spool)).numbers).toEqual(waiting)
        expect(spool.empty).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('holds over many files, and each file goes once it was drained', async () => {
    const { spool } = await start()
    for (let number = 0; number < 12; number += 1) await spool.append([record(number, 1_000_000)])
    expect((await segments()).length).toBeGreaterThan(2)
    const before = spool.bytes
    const front = await spool.front(6)
    expect(front && numbers(front.records)).toEqual([0, 1, 2, 3, 4])
    if (front !== null) await spool.release(front)
    expect(spool.bytes).toBeLessThan(before)
    expect((await drain(spool)).numbers).toEqual([5, 6, 7, 8, 9, 10, 11])
    expect(await segments()).toEqual([])
    expect(spool.bytes).toBe(0)
  })
})

describe('bounds and secrecy', () => {
  it('takes nothing beyond its bound, and takes again what draining made room for', async () => {
    const { spool } = await start({ max_bytes: 5_000_000 })
    const taken: number[] = []
    for (let number = 0; number < 6; number += 1)
      if (await spool.append([record(number, 1_000_000)])) taken.push(number)
    expect(taken).toEqual([0, 1, 2, 3])
    expect(spool.bytes).toBeLessThanOrEqual(5_000_000)
    expect((await drain(spool)).numbers).toEqual(taken)
    expect(await spool.append([record(9, 1_000_000)])).toBe(true)
  })

  it('writes nothing readable, in files that only their owner can open', async () => {
    await fill(3)
    for (const name of await segments()) {
      const path = join(dir.path, name)
      expect((await readFile(path)).includes('alice')).toBe(false)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
    expect((await stat(join(dir.path, '.'))).mode & 0o077).toBe(0)
  })

  it('never writes two frames under one key and nonce, over restarts and failed writes', async () => {
    const seen = new Set<string>()
    for (let boot = 0; boot < 20; boot += 1) {
      const { spool } = await start()
      for (let frame = 0; frame < 3; frame += 1) await spool.append([record(frame)])
      await spool.close()
      for (const name of await segments()) {
        const bytes = await readFile(join(dir.path, name))
        const salt = readHeader(bytes)?.salt.toString('hex') ?? ''
        // A file of an earlier boot never grows, so a salt stands for one writer, which counts its frames.
        seen.add(`${name} ${salt} ${bytes.length}`)
      }
    }
    expect(seen.size).toBe(20)
    expect(new Set([...seen].map((text) => text.split(' ')[1])).size).toBe(20)
  })

  it('drains what was written under a former key, and refuses to start without it', async () => {
    await fill(3)
    const rotated = await start({ secrets: [SECOND_KEY, FIRST_KEY] })
    await rotated.spool.append([record(3)])
    expect(rotated.found.newest).toEqual(record(2))
    await rotated.spool.close()
    await expect(start({ secrets: [SECOND_KEY] })).rejects.toThrow(
      /00000001\.segment was written under key [0-9a-f]{16}, which is not among the keys given; put that key back/,
    )
    const again = await start({ secrets: [SECOND_KEY, FIRST_KEY] })
    expect((await drain(again.spool)).numbers).toEqual([0, 1, 2, 3])
  })
})

describe('after a crash', () => {
  it('cuts a torn tail off at every length, keeps every whole frame, and goes on', async () => {
    await fill(3)
    const [name = ''] = await segments()
    const whole = await readFile(join(dir.path, name))
    const frame = (whole.length - HEADER_BYTES) / 3
    for (let length = whole.length; length >= 0; length -= 7) {
      await writeFile(join(dir.path, name), whole.subarray(0, length))
      const { spool, found } = await start()
      const frames = Math.max(0, Math.floor((length - HEADER_BYTES) / frame))
      const atEdge = (length - HEADER_BYTES) % frame === 0 && frames > 0
      expect({ length, torn: found.torn_tails, damaged: found.damaged }).toEqual({
        length,
        torn: atEdge ? 0 : 1,
        damaged: 0,
      })
      expect(found.newest).toEqual(frames === 0 ? null : record(frames - 1))
      expect(await spool.append([record(99)])).toBe(true)
      const expected = [...Array.from({ length: frames }, (_, index) => index), 99]
      expect(await drain(spool)).toEqual({ numbers: expected, damaged: false })
      await spool.close()
    }
  })

  it('cuts off a tail whose length is there and whose bytes are not', async () => {
    await fill(3)
    const path = join(dir.path, (await segments())[0] ?? '')
    const { size } = await stat(path)
    await truncate(path, size - 40)
    await truncate(path, size + 4096)
    const { spool, found } = await start()
    expect(found).toMatchObject({ torn_tails: 1, damaged: 0 })
    expect((await drain(spool)).numbers).toEqual([0, 1])
  })
})

describe('damage in the middle', () => {
  it('is reported wherever a byte was changed, and what lies behind it is drained all the same', async () => {
    await fill(6)
    const path = join(dir.path, (await segments())[0] ?? '')
    const whole = await readFile(path)
    const frame = (whole.length - HEADER_BYTES) / 6
    for (let at = HEADER_BYTES; at < HEADER_BYTES + 5 * frame; at += 11) {
      const changed = Buffer.from(whole)
      changed.writeUInt8(changed.readUInt8(at) ^ 0x40, at)
      await writeFile(path, changed)
      const { spool, found } = await start()
      expect(found).toMatchObject({ torn_tails: 0, damaged: 1, newest: record(5) })
      const hit = Math.floor((at - HEADER_BYTES) / frame)
      expect(await drain(spool)).toEqual({
        numbers: [0, 1, 2, 3, 4, 5].filter((number) => number !== hit),
        damaged: true,
      })
      await spool.close()
    }
    const kept = (await readdir(dir.path)).filter((name) => name.includes('.damaged-'))
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThanOrEqual(4)
  })

  it('is reported when a whole file is gone between two others, or its head is not readable', async () => {
    await fill(12, 1_000_000)
    const names = await segments()
    const middle = join(dir.path, names[1] ?? '')
    const bytes = await readFile(middle)
    bytes.writeUInt8(0, 3)
    await writeFile(middle, bytes)
    const { spool, found } = await start()
    expect(found.damaged).toBe(1)
    expect((await drain(spool)).numbers).toEqual([0, 1, 2, 3, 4, 10, 11])
    await spool.close()
  })

  it('is found when frames change places', async () => {
    await fill(3)
    const path = join(dir.path, (await segments())[0] ?? '')
    const whole = await readFile(path)
    const frame = (whole.length - HEADER_BYTES) / 3
    expect(frame).toBeGreaterThan(FRAME_HEAD_BYTES)
    const part = (index: number) =>
      whole.subarray(HEADER_BYTES + index * frame, HEADER_BYTES + (index + 1) * frame)
    await writeFile(path, Buffer.concat([whole.subarray(0, HEADER_BYTES), part(1), part(0), part(2)]))
    const { spool } = await start()
    const { damaged, numbers: left } = await drain(spool)
    expect(damaged).toBe(true)
    expect(left).toEqual(left.toSorted((a, b) => a - b))
  })
})
