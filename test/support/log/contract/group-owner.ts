import { describe, expect, it } from 'vitest'
import type { EventLog } from '../../../../services/runtime/log/event-log.ts'
import { eventually } from '../../eventually.ts'
import { numbered } from '../numbered-records.ts'
import { everything } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function groupOwnerSuite(under: LogUnderTest): void {
  describe('the owner of a group', () => {
    it('alone writes in its name, from the moment it is told, until it leaves', async () => {
      const [from, to] = [under.topic(), under.topic()]
      const [one] = numbered(to, 1)
      const records = one === undefined ? [] : [one]
      const write = (by: EventLog) => by.append([...records], { owner_of: 'g' })
      const refused = { code: 'ERR_LOG_FENCED' }
      const written = Promise.withResolvers<void>()
      const owner = await under.log.consume({
        group: 'g',
        topics: [from],
        sole: true,
        // While it still loads, too.
        assigned: (_, partition) => (partition === 0 ? write(under.log).then(written.resolve) : undefined),
        handle: () => [],
      })
      await written.promise
      const other = await under.client()
      await expect(write(other)).rejects.toMatchObject(refused)
      const standby = await other.consume({ group: 'g', topics: [from], sole: true, handle: () => [] })
      await expect(write(other)).rejects.toMatchObject(refused)
      await write(under.log)
      await owner.stop()
      await expect(write(under.log)).rejects.toMatchObject(refused)
      await eventually('the other one may', () =>
        write(other).then(
          () => true,
          () => false,
        ),
      )
      expect(await everything(under.log, to)).toHaveLength(3)
      await standby.stop()
    })
  })
}
