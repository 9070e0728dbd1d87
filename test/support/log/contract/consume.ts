import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../../services/runtime/log/event-log.ts'
import { eventually } from '../../eventually.ts'
import { copyTo } from '../event-log-roles.ts'
import { PARTITIONS } from '../driver-under-test.ts'
import { numbered, numbersOf } from '../numbered-records.ts'
import { everything, textOf } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function consumeSuite(under: LogUnderTest): void {
  describe('consume', () => {
    it('hands out every record once, and commits outputs with the offsets', async () => {
      const [from, to] = [under.topic(), under.topic()]
      await under.log.append(numbered(from, 300))
      const consumption = await under.log.consume({
        group: 'g',
        topics: [from],
        max_records: 40,
        handle: copyTo(to),
      })
      await consumption.drained()
      expect(numbersOf(await everything(under.log, to))).toEqual(numbersOf(numbered(to, 300)))
      const committed = await under.log.committed('g', from)
      const marks = await under.log.watermarks(from)
      for (const { partition, high } of marks) expect(committed.get(partition) ?? 0).toBe(high)
      await consumption.stop()
    })

    it('leaves nothing of a handler that throws, tells of it, and hands the same records out again', async () => {
      const [from, to] = [under.topic(), under.topic()]
      await under.log.append(numbered(from, 20, 1))
      const seen: string[] = []
      const failures: unknown[] = []
      const consumption = await under.log.consume({
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
      expect(numbersOf(await everything(under.log, to))).toEqual(numbersOf(numbered(to, 20, 1)))
    })

    it('goes on after the last commit when a member comes back', async () => {
      const from = under.topic()
      const got: string[] = []
      const handle = (batch: Batch) => {
        got.push(...batch.parts.flatMap(({ records }) => records.map(({ value }) => textOf(value))))
        return []
      }
      for (const round of [0, 1]) {
        await under.log.append(numbered(from, 10, 1, round * 10))
        const consumption = await under.log.consume({ group: 'g', topics: [from], handle })
        await consumption.drained()
        await consumption.stop()
      }
      expect(got).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
    })

    it('begins at the end when asked to, and keeps that beginning', async () => {
      const from = under.topic()
      await under.log.append(numbered(from, 10, 1))
      const assigned = Promise.withResolvers<void>()
      const got: string[] = []
      const consumption = await under.log.consume({
        group: 'late',
        topics: [from],
        from: 'latest',
        assigned: (_, partition) => {
          if (partition === 0) assigned.resolve()
        },
        handle: (batch) => {
          got.push(...batch.parts.flatMap(({ records }) => records.map(({ value }) => textOf(value))))
          return []
        },
      })
      await assigned.promise
      await under.log.append(numbered(from, 5, 1, 10))
      await consumption.drained()
      await consumption.stop()
      expect(got).toEqual(['10', '11', '12', '13', '14'])
    })

    it('spans all partitions of a topic in one batch when the group asks for it', async () => {
      const from = under.topic()
      await under.log.append(numbered(from, 100))
      const batches: Batch[] = []
      const consumption = await under.log.consume({
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
      const from = under.topic()
      const sizes: number[] = []
      const consumption = await under.log.consume({
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
      await under.log.append(numbered(from, 3, 1))
      await under.log.append(numbered(from, 3, 1, 3))
      await consumption.drained()
      expect(sizes).toEqual([6])
      expect(performance.now() - began).toBeGreaterThan(150)
      await consumption.stop()
    })

    it('shares partitions between two members, and commits each record once', async () => {
      const [from, to] = [under.topic(), under.topic()]
      const other = await under.client()
      const owned = [new Set<number>(), new Set<number>()]
      const both = await Promise.all(
        [under.log, other].map((member, index) =>
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
      await under.log.append(numbered(from, 400))
      await Promise.all(both.map((one) => one.drained()))
      expect(numbersOf(await everything(under.log, to))).toEqual(numbersOf(numbered(to, 400)))
      await Promise.all(both.map((one) => one.stop()))
      expect(await under.log.hasMembers('g')).toBe(false)
    })
  })
}
