import { describe, expect, it } from 'vitest'
import { appendSuite } from './contract/append.ts'
import { consumeSuite } from './contract/consume.ts'
import { groupOwnerSuite } from './contract/group-owner.ts'
import { logUnderTest } from './contract/log-under-test.ts'
import { memberDeathSuite } from './contract/member-death.ts'
import { partitionStateSuite } from './contract/partition-state.ts'
import { readSuite } from './contract/read.ts'
import { tableSuite } from './contract/table.ts'
import type { DriverUnderTest } from './driver-under-test.ts'

/** What both drivers of the event log must do alike. */
export function eventLogContract(name: string, openDriver: () => Promise<DriverUnderTest>): void {
  describe(`event log: ${name}`, () => {
    const under = logUnderTest(openDriver)

    appendSuite(under)
    readSuite(under)
    consumeSuite(under)
    groupOwnerSuite(under)
    partitionStateSuite(under)
    memberDeathSuite(under)
    tableSuite(under)

    it('says plainly that it is closed', async () => {
      await under.log.close()
      await expect(under.log.append([{ topic: under.topic(), key: 'a', value: 'x' }])).rejects.toMatchObject({
        code: 'ERR_LOG_CLOSED',
      })
    })
  })
}
