import { describe, expect, it } from 'vitest'
import { eventually } from '../../eventually.ts'
import { copyTo } from '../event-log-roles.ts'
import { PARTITIONS } from '../driver-under-test.ts'
import { numbered, numbersOf } from '../numbered-records.ts'
import { everything } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function partitionStateSuite(under: LogUnderTest): void {
  describe('state of a partition', () => {
    it('is loaded for one partition while the others go on', async () => {
      const [from, to] = [under.topic(), under.topic()]
      await under.log.append(numbered(from, 200))
      const slow = Promise.withResolvers<void>()
      const handled = new Set<number>()
      const consumption = await under.log.consume({
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
      expect(numbersOf(await everything(under.log, to))).toEqual(numbersOf(numbered(to, 200)))
      await consumption.stop()
    })

    it('is loaded again after a failure, which is told, and no record is handled without it', async () => {
      const from = under.topic()
      await under.log.append(numbered(from, 200))
      const failures: unknown[] = []
      let loaded = false
      let early = 0
      const consumption = await under.log.consume({
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
      const [from, to] = [under.topic(), under.topic()]
      const other = await under.client()
      await under.log.append(numbered(from, 200))
      const loading = new Map<number, () => void>()
      const handled: number[] = []
      const first = await under.log.consume({
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
      expect(numbersOf(await everything(under.log, to))).toEqual(numbersOf(numbered(to, 200)))
      await second.stop()
    })
  })
}
