import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { prepareWhole } from '../../services/cli/bench/whole.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { verifyChain } from '../support/events/chain.ts'
import { expectFindingsOfReplay, expectStoredOnce } from '../support/whole/survivors.ts'
import { askUntilGone, readJson } from '../support/whole/whole-load.ts'

const KILLS = 20

describe('promise 2 and 3: the whole is killed with -9 under load', () => {
  it(`${KILLS} times, and no acknowledged decision is missing, none is stored twice, and findings equal a replay`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-whole-'))
    const whole = await prepareWhole(directory)
    const acknowledged: string[] = []
    try {
      for (let round = 0; round < KILLS; round += 1) {
        const running = await whole.start()
        const loaded = askUntilGone(running, whole.token, round)
        await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 900))
        await running.kill()
        acknowledged.push(...(await loaded.ended))
      }
      const last = await whole.start()
      const eventLog = await openEmbeddedLog({ directory: join(whole.dataDir, 'log') })
      await untilCaughtUp(eventLog)
      expect(await last.stop()).toBe(0)

      const decisions = (await readJson(eventLog, accessDecisions)) as Decision[]
      const ids = decisions.map(({ id }) => id)
      expect(acknowledged.length).toBeGreaterThan(KILLS * 10)
      const known = new Set(ids)
      expect(known.size).toBe(ids.length)
      expect(acknowledged.filter((id) => !known.has(id))).toEqual([])
      expect(verifyChain(decisions).problems).toEqual([])

      await expectFindingsOfReplay(eventLog)
      await eventLog.close()
      await expectStoredOnce(whole.dataDir, ids.length)
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    }
  })
})
