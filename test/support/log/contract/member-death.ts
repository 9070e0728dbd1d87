import { describe, expect, it } from 'vitest'
import { copyTo, described } from '../event-log-roles.ts'
import { numbered, numbersOf } from '../numbered-records.ts'
import { startChild } from '../start-child.ts'
import { everything } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function memberDeathSuite(under: LogUnderTest): void {
  describe('a member that dies', () => {
    it('has its partitions taken over within seconds, and nothing is lost or doubled', async () => {
      const [from, to] = [under.topic(), under.topic()]
      await under.log.append(numbered(from, 200))
      const child = startChild(under.driver, 'consume-and-hang', from, to)
      await child.said('committed')
      const consumption = await under.log.consume({ group: 'g', topics: [from], handle: copyTo(to) })
      await child.kill()
      await consumption.drained()
      expect(numbersOf(await everything(under.log, to))).toEqual(numbersOf(numbered(to, 200)))
      await consumption.stop()
    })

    it('leaves a pinned batch that comes again with the same ranges and token', async () => {
      const [from, to] = [under.topic(), under.topic()]
      await under.log.append(numbered(from, 30, 1))
      const child = startChild(under.driver, 'pin-and-hang', from, to)
      const pinned: unknown = JSON.parse(await child.said('pinned'))
      await child.kill()
      await under.log.append(numbered(from, 30, 1, 30))
      const again: unknown[] = []
      const consumption = await under.log.consume({
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
}
