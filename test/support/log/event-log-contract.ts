import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Batch, EventLog, LogRecord, OutRecord } from '../../../services/runtime/log/event-log.ts'
import type { LogTopic } from '../../../schemas/topics.ts'
import { eventually } from '../eventually.ts'
import { copyTo, described } from './event-log-roles.ts'

/** What a driver brings to be put under the contract. */
export interface DriverUnderTest {
  /** Another client of the same log, with topics of four partitions. */
  open(): Promise<EventLog>
  /** A module that exports `openForChild(argument): Promise<EventLog>`, for clients in processes that are killed. */
  readonly child: { readonly module: string; readonly argument: string }
  close(): Promise<void>
}

export const PARTITIONS = 4

/** What both drivers of the event log must do alike. */
export function eventLogContract(name: string, openDriver: () => Promise<DriverUnderTest>): void {
  describe(`event log: ${name}`, () => {
    let driver: DriverUnderTest
    let log: EventLog
    let unique = 0
    const open: EventLog[] = []

    beforeEach(async () => {
      driver = await openDriver()
      log = await client()
    })
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()))
      await driver.close()
    })

    async function client(): Promise<EventLog> {
      const one = await driver.open()
      open.push(one)
      return one
    }

    function topic(kind: 'plain' | 'compacted' = 'plain'): LogTopic {
      unique++
      const compacted = kind === 'compacted'
      return {
        name: `contract.${unique}.v1`,
        partitions: PARTITIONS,
        retention_ms: compacted ? Infinity : 3_600_000,
        compacted,
      }
    }

    async function everything(from: EventLog, of: LogTopic): Promise<LogRecord[]> {
      const records: LogRecord[] = []
      for (let partition = 0; partition < from.partitions(of); partition++) {
        for await (const some of from.read(of, { partition })) records.push(...some)
      }
      return records
    }

    describe('append', () => {
      it('keeps key, value, headers and order by key', async () => {
        const to = topic()
        const sent = Array.from({ length: 200 }, (_, i) => ({
          topic: to,
          key: `key-${i % 7}`,
          value: `value ${i} ü`,
          headers: { ce_id: String(i), ce_type: to.name, 'x-own': 'é' },
        }))
        await log.append(sent)
        const records = await everything(log, to)
        expect(records).toHaveLength(200)
        for (let k = 0; k < 7; k++) {
          const mine = records.filter(({ key }) => key === `key-${k}`)
          const expected = sent.filter(({ key }) => key === `key-${k}`)
          expect(mine.map((r) => text(r.value))).toEqual(expected.map((r) => r.value))
          expect(mine.map((r) => r.headers)).toEqual(expected.map((r) => r.headers))
        }
      })

      it('writes all records or none: one that is refused takes the others with it', async () => {
        const to = topic()
        const refused = log.append([
          { topic: to, key: 'a', value: 'kept only together' },
          { topic: to, key: 'b', value: 'with this', partition: 99 },
        ])
        await expect(refused).rejects.toThrow(/partition/)
        expect(await everything(log, to)).toEqual([])
      })

      it('puts a record where its partition says, and moves the watermark by one a record', async () => {
        const to = topic()
        await log.append([
          { topic: to, key: 'a', value: 'x', partition: 2 },
          { topic: to, key: 'b', value: 'y', partition: 2 },
        ])
        const marks = await log.watermarks(to)
        expect(marks.find(({ partition }) => partition === 2)).toEqual({ partition: 2, low: 0, high: 2 })
        expect(marks.filter(({ high }) => high > 0)).toHaveLength(1)
      })

      it('is seen by another client', async () => {
        const to = topic()
        const other = await client()
        await log.append([{ topic: to, key: 'a', value: 'x' }])
        expect(await everything(other, to)).toHaveLength(1)
      })
    })

    describe('read', () => {
      it('gives a range, in batches of at most max_records', async () => {
        const from = topic()
        await log.append(
          Array.from({ length: 50 }, (_, i) => ({ topic: from, key: 'k', value: String(i), partition: 0 })),
        )
        const batches: string[][] = []
        for await (const batch of log.read(from, { partition: 0, from: 10, to: 35, max_records: 10 })) {
          batches.push(batch.map(({ value }) => text(value)))
        }
        expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5])
        expect(batches.flat()).toEqual(Array.from({ length: 25 }, (_, i) => String(i + 10)))
      })
    })

    describe('consume', () => {
      it('hands out every record once, and commits outputs with the offsets', async () => {
        const [from, to] = [topic(), topic()]
        await log.append(numbered(from, 300))
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          max_records: 40,
          handle: copyTo(to),
        })
        await consumption.drained()
        expect(values(await everything(log, to))).toEqual(values(numbered(to, 300)))
        const committed = await log.committed('g', from)
        const marks = await log.watermarks(from)
        for (const { partition, high } of marks) expect(committed.get(partition) ?? 0).toBe(high)
        await consumption.stop()
      })

      it('leaves nothing of a handler that throws, tells of it, and hands the same records out again', async () => {
        const [from, to] = [topic(), topic()]
        await log.append(numbered(from, 20, 1))
        const seen: string[] = []
        const failures: unknown[] = []
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          handle: (batch) => {
            seen.push(batch.token)
            if (seen.length < 3) throw new Error('not now')
            return copyTo(to)(batch)
          },
          failed: (error) => failures.push(error),
        })
        await consumption.drained()
        await consumption.stop()
        expect(failures).toHaveLength(2)
        expect(new Set(seen.slice(0, 3)).size).toBe(1)
        expect(values(await everything(log, to))).toEqual(values(numbered(to, 20, 1)))
      })

      it('goes on after the last commit when a member comes back', async () => {
        const from = topic()
        const got: string[] = []
        const handle = (batch: Batch) => {
          got.push(...batch.parts.flatMap(({ records }) => records.map(({ value }) => text(value))))
          return []
        }
        for (const round of [0, 1]) {
          await log.append(numbered(from, 10, 1, round * 10))
          const consumption = await log.consume({ group: 'g', topics: [from], handle })
          await consumption.drained()
          await consumption.stop()
        }
        expect(got).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
      })

      it('begins at the end when asked to, and keeps that beginning', async () => {
        const from = topic()
        await log.append(numbered(from, 10, 1))
        const assigned = Promise.withResolvers<void>()
        const got: string[] = []
        const consumption = await log.consume({
          group: 'late',
          topics: [from],
          from: 'latest',
          assigned: (_, partition) => {
            if (partition === 0) assigned.resolve()
          },
          handle: (batch) => {
            got.push(...batch.parts.flatMap(({ records }) => records.map(({ value }) => text(value))))
            return []
          },
        })
        await assigned.promise
        await log.append(numbered(from, 5, 1, 10))
        await consumption.drained()
        await consumption.stop()
        expect(got).toEqual(['10', '11', '12', '13', '14'])
      })

      it('spans all partitions of a topic in one batch when the group asks for it', async () => {
        const from = topic()
        await log.append(numbered(from, 100))
        const batches: Batch[] = []
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          span: 'group',
          min_records: 100,
          linger_ms: 5_000,
          handle: (batch) => {
            batches.push(batch)
            return []
          },
        })
        await consumption.drained()
        await consumption.stop()
        expect(batches).toHaveLength(1)
        expect(batches[0]?.parts.flatMap(({ records }) => records)).toHaveLength(100)
      })

      it('waits up to linger_ms for min_records, no longer', async () => {
        const from = topic()
        const sizes: number[] = []
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          min_records: 10,
          linger_ms: 200,
          handle: (batch) => {
            sizes.push(batch.parts.flatMap(({ records }) => records).length)
            return []
          },
        })
        const began = performance.now()
        await log.append(numbered(from, 3, 1))
        await log.append(numbered(from, 3, 1, 3))
        await consumption.drained()
        expect(sizes).toEqual([6])
        expect(performance.now() - began).toBeGreaterThan(150)
        await consumption.stop()
      })

      it('shares partitions between two members, and commits each record once', async () => {
        const [from, to] = [topic(), topic()]
        const other = await client()
        const owned = [new Set<number>(), new Set<number>()]
        const both = await Promise.all(
          [log, other].map((member, index) =>
            member.consume({
              group: 'g',
              topics: [from],
              assigned: (_, partition) => void owned[index]?.add(partition),
              revoked: (_, partition) => void owned[index]?.delete(partition),
              handle: copyTo(to),
            }),
          ),
        )
        await eventually(
          'each has half',
          () => owned[0]?.size === PARTITIONS / 2 && owned[1]?.size === PARTITIONS / 2,
        )
        await log.append(numbered(from, 400))
        await Promise.all(both.map((one) => one.drained()))
        expect(values(await everything(log, to))).toEqual(values(numbered(to, 400)))
        await Promise.all(both.map((one) => one.stop()))
        expect(await log.hasMembers('g')).toBe(false)
      })
    })

    describe('the owner of a group', () => {
      it('alone writes in its name, from the moment it is told, until it leaves', async () => {
        const [from, to] = [topic(), topic()]
        const [one] = numbered(to, 1)
        const records = one === undefined ? [] : [one]
        const write = (by: EventLog) => by.append([...records], { owner_of: 'g' })
        const refused = { code: 'ERR_LOG_FENCED' }
        const written = Promise.withResolvers<void>()
        const owner = await log.consume({
          group: 'g',
          topics: [from],
          sole: true,
          // While it still loads, too.
          assigned: (_, partition) => (partition === 0 ? write(log).then(written.resolve) : undefined),
          handle: () => [],
        })
        await written.promise
        const other = await client()
        await expect(write(other)).rejects.toMatchObject(refused)
        const standby = await other.consume({ group: 'g', topics: [from], sole: true, handle: () => [] })
        await expect(write(other)).rejects.toMatchObject(refused)
        await write(log)
        await owner.stop()
        await expect(write(log)).rejects.toMatchObject(refused)
        await eventually('the other one may', () =>
          write(other).then(
            () => true,
            () => false,
          ),
        )
        expect(await everything(log, to)).toHaveLength(3)
        await standby.stop()
      })
    })

    describe('state of a partition', () => {
      it('is loaded for one partition while the others go on', async () => {
        const [from, to] = [topic(), topic()]
        await log.append(numbered(from, 200))
        const slow = Promise.withResolvers<void>()
        const handled = new Set<number>()
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          assigned: (_, partition) => (partition === 2 ? slow.promise : undefined),
          handle: (batch) => {
            for (const { partition } of batch.parts) handled.add(partition)
            return copyTo(to)(batch)
          },
        })
        await eventually('the others are handled', () => handled.size === PARTITIONS - 1)
        expect(handled.has(2)).toBe(false)
        slow.resolve()
        await consumption.drained()
        expect(values(await everything(log, to))).toEqual(values(numbered(to, 200)))
        await consumption.stop()
      })

      it('is loaded again after a failure, which is told, and no record is handled without it', async () => {
        const from = topic()
        await log.append(numbered(from, 200))
        const failures: unknown[] = []
        let loaded = false
        let early = 0
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          assigned: (_, partition) => {
            if (partition !== 1) return
            if (failures.length < 2) throw new Error('cannot be read')
            loaded = true
          },
          failed: (error) => failures.push(error),
          handle: (batch) => {
            if (batch.parts.some(({ partition }) => partition === 1) && !loaded) early += 1
            return []
          },
        })
        await consumption.drained()
        expect(failures).toHaveLength(2)
        expect(early).toBe(0)
        await consumption.stop()
      })

      it('is given up in the middle of being loaded when another member takes the partition', async () => {
        const [from, to] = [topic(), topic()]
        const other = await client()
        await log.append(numbered(from, 200))
        const loading = new Map<number, () => void>()
        const handled: number[] = []
        const first = await log.consume({
          group: 'g',
          topics: [from],
          // Ends only when it is told that the partition is another's.
          assigned: (_, partition) => new Promise<void>((resolve) => loading.set(partition, resolve)),
          revoked: (_, partition) => loading.get(partition)?.(),
          handle: (batch) => {
            handled.push(...batch.parts.map(({ partition }) => partition))
            return []
          },
        })
        await eventually('all are being loaded', () => loading.size === PARTITIONS)
        const second = await other.consume({ group: 'g', topics: [from], handle: copyTo(to) })
        await first.stop()
        await second.drained()
        expect(handled).toEqual([])
        expect(values(await everything(log, to))).toEqual(values(numbered(to, 200)))
        await second.stop()
      })
    })

    describe('a member that dies', () => {
      it('has its partitions taken over within seconds, and nothing is lost or doubled', async () => {
        const [from, to] = [topic(), topic()]
        await log.append(numbered(from, 200))
        const child = startChild(driver, 'consume-and-hang', from, to)
        await child.said('committed')
        const consumption = await log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
        await child.kill()
        const died = performance.now()
        await consumption.drained()
        expect(performance.now() - died).toBeLessThan(20_000)
        expect(values(await everything(log, to))).toEqual(values(numbered(to, 200)))
        await consumption.stop()
      })

      it('leaves a pinned batch that comes again with the same ranges and token', async () => {
        const [from, to] = [topic(), topic()]
        await log.append(numbered(from, 30, 1))
        const child = startChild(driver, 'pin-and-hang', from, to)
        const pinned: unknown = JSON.parse(await child.said('pinned'))
        await child.kill()
        await log.append(numbered(from, 30, 1, 30))
        const again: unknown[] = []
        const consumption = await log.consume({
          group: 'g',
          topics: [from],
          pinned: true,
          handle: (batch) => {
            again.push(described(batch))
            return []
          },
        })
        await consumption.drained()
        await consumption.stop()
        expect(again[0]).toEqual(pinned)
        expect(again).toHaveLength(2)
      })
    })

    describe('table', () => {
      it('holds the newest value of each key, and forgets a removed one', async () => {
        const of = topic('compacted')
        const table = await log.openTable(of)
        await log.append([
          { topic: of, key: 'a', value: '1' },
          { topic: of, key: 'b', value: '1' },
          { topic: of, key: 'a', value: '2' },
        ])
        await log.append([{ topic: of, key: 'b', value: null }])
        await table.caughtUp()
        expect(text(table.get('a') ?? null)).toBe('2')
        expect(table.get('b')).toBeUndefined()
        expect(table.get('never')).toBeUndefined()
      })

      it('is opened by two parts of one process, and both hold and follow everything', async () => {
        const of = topic('compacted')
        await log.append([{ topic: of, key: 'before', value: '1' }])
        const first = await log.openTable(of)
        const second = await log.openTable(of)
        await log.append([{ topic: of, key: 'after', value: '2' }])
        for (const table of [first, second]) {
          await table.caughtUp()
          expect([...table.entries()].map(([key, value]) => `${key} ${text(value)}`).sort()).toEqual([
            'after 2',
            'before 1',
          ])
        }
        await first.close()
        await log.append([{ topic: of, key: 'after', value: '3' }])
        await second.caughtUp()
        expect(text(second.get('after') ?? null)).toBe('3')
      })

      it('lists its entries by prefix', async () => {
        const of = topic('compacted')
        const table = await log.openTable(of)
        const long = 'x'.repeat(3_000)
        await log.append(
          ['p/1', 'p/2', 'q/1', `p/${long}`].map((key) => ({ topic: of, key, value: key.slice(0, 3) })),
        )
        await table.caughtUp()
        expect([...table.entries('p/')].map(([key]) => key).sort()).toEqual(['p/1', 'p/2', `p/${long}`])
        expect([...table.entries()]).toHaveLength(4)
      })

      it('tells a follower of every change from then on, in the order of the log, from any client', async () => {
        const of = topic('compacted')
        const other = await client()
        await log.append([{ topic: of, key: 'k', value: 'before' }])
        const table = await other.openTable(of)
        await table.caughtUp()
        const changes: (string | undefined)[] = []
        const end = table.follow((_, value) => changes.push(value === undefined ? undefined : text(value)))
        for (let i = 0; i < 20; i++) await log.append([{ topic: of, key: 'k', value: String(i) }])
        await log.append([{ topic: of, key: 'k', value: null }])
        await table.caughtUp()
        end()
        await log.append([{ topic: of, key: 'k', value: 'after' }])
        await table.caughtUp()
        expect(changes).toEqual([...Array.from({ length: 20 }, (_, i) => String(i)), undefined])
      })
    })

    it('says plainly that it is closed', async () => {
      await log.close()
      await expect(log.append([{ topic: topic(), key: 'a', value: 'x' }])).rejects.toMatchObject({
        code: 'ERR_LOG_CLOSED',
      })
    })
  })
}

function numbered(topic: LogTopic, count: number, keys = 17, first = 0): OutRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: `key-${i % keys}`,
    value: String(first + i),
  }))
}

function values(records: readonly { value: Uint8Array | string | null }[]): number[] {
  return records
    .map(({ value }) => Number(typeof value === 'string' ? value : text(value)))
    .sort((a, b) => a - b)
}

function text(value: Uint8Array | null): string {
  return Buffer.from(value ?? []).toString('utf8')
}

/** A client in a process of its own; its words come line by line. */
export function startChild(
  driver: Pick<DriverUnderTest, 'child'>,
  role: string,
  from: LogTopic,
  to: LogTopic,
) {
  const script = fileURLToPath(new URL('event-log-child.ts', import.meta.url))
  const names = [from, to].map(({ name }) => name)
  const { module, argument } = driver.child
  const child = spawn(process.execPath, [script, module, argument, role, ...names], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  return {
    lines,
    /** Resolves with the rest of the first line that begins with `word`. */
    said: (word: string) =>
      new Promise<string>((resolve, reject) => {
        lines.on('line', (line) => {
          if (line.startsWith(word)) resolve(line.slice(word.length).trim())
        })
        void exited.then(() => reject(new Error(`the child ended before it said ${word}`)))
      }),
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
    exited,
  }
}
