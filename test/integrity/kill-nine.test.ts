import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { openEnrich } from '../../services/scoring/main.ts'
import { loggedFindings, replayDecisions } from '../../services/scoring/replay.ts'
import { policyStage, sourceStage, subjectStage } from '../../services/scoring/worker.ts'
import { prepareWhole } from '../../services/cli/bench/whole.ts'
import { verifyChain } from '../support/chain.ts'
import { askUntilGone, readJson, untilCaughtUp } from '../support/whole-load.ts'

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

      const logger = pino({ level: 'silent' })
      const stages = {
        subject: subjectStage(await openEnrich(ScoringConfig.parse({}))),
        source: sourceStage(),
        policy: policyStage(),
      }
      const replayed = await replayDecisions(eventLog, stages)
      const found = await loggedFindings(eventLog)
      expect(found.length).toBeGreaterThan(0)
      expect(found.map((finding) => JSON.stringify(finding)).sort()).toEqual(
        replayed.findings.map((finding) => JSON.stringify(finding)).sort(),
      )

      const engine = await startEngine({ dataDir: whole.dataDir, logger })
      const client = openClickHouse(engine.endpoint)
      const [stored] = await (
        await client.query({
          query: `SELECT count() AS stored, uniqExact(id) AS ids FROM decisions`,
          format: 'JSONEachRow',
        })
      ).json<{ stored: number; ids: number }>()
      expect(stored).toEqual({ stored: ids.length, ids: ids.length })
      await client.close()
      await engine.stop()
      await eventLog.close()
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    }
  }, 420_000)
})
