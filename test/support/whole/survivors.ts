import type { ClickHouseClient } from '@clickhouse/client'
import { pino } from 'pino'
import { expect } from 'vitest'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { startEngine } from '../../../services/runtime/clickhouse/start-engine.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { ScoringConfig } from '../../../services/scoring/config.ts'
import { openEnrich } from '../../../services/scoring/main.ts'
import { replayDecisions } from '../../../services/scoring/replay.ts'
import { policyStage, sourceStage, subjectStage } from '../../../services/scoring/worker.ts'
import { rowsOf } from '../store/temp-engine.ts'
import { loggedFindings } from '../scoring/logged-findings.ts'

/** There are findings, and they are byte for byte those of a single worker that reads the log from its beginning. */
export async function expectFindingsOfReplay(eventLog: EventLog): Promise<void> {
  const replayed = await replayDecisions(eventLog, {
    subject: subjectStage(await openEnrich(ScoringConfig.parse({}))),
    source: sourceStage(),
    policy: policyStage(),
  })
  const found = await loggedFindings(eventLog)
  expect(found.length).toBeGreaterThan(0)
  expect(found.map((finding) => JSON.stringify(finding)).sort()).toEqual(
    replayed.findings.map((finding) => JSON.stringify(finding)).sort(),
  )
}

/** The store of a data directory whose process is gone has so many decisions, each once; `also` may ask it more. */
export async function expectStoredOnce(
  dataDir: string,
  decisions: number,
  also: (client: ClickHouseClient) => Promise<void> = async () => {},
): Promise<void> {
  const engine = await startEngine({ dataDir, logger: pino({ level: 'silent' }) })
  const client = openClickHouse(engine.endpoint)
  try {
    expect(await rowsOf(client, 'SELECT count() AS stored, uniqExact(id) AS ids FROM decisions')).toEqual([
      { stored: decisions, ids: decisions },
    ])
    await also(client)
  } finally {
    await client.close()
    await engine.stop()
  }
}
