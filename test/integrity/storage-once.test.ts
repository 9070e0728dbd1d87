import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { Outcome } from '../../schemas/decision.ts'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { accessScored } from '../../schemas/topics.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { lagOf, untilCaughtUp } from '../support/log/caught-up.ts'
import { countInserts } from '../support/store/count-inserts.ts'
import { eventually } from '../support/eventually.ts'
import { rollUpAll } from '../support/store/roll-up.ts'
import { rowsOf } from '../support/store/temp-engine.ts'

const DECISIONS = 20_000

it('no row is lost and none is doubled, in tables and in roll-ups, whoever is killed when', async () => {
  // given an engine, a log with decisions of some minutes, apps and outcomes, and no storage worker
  const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-once-'))
  const logger = pino({ level: 'silent' })
  const engine = await startEngine({ dataDir, logger })
  const log = await openEmbeddedLog({ directory: dataDir, partitions: 4, logger })
  const client = openClickHouse(engine.endpoint)
  const workers: ChildProcess[] = []
  onTestFinished(async () => {
    for (const worker of workers) worker.kill('SIGKILL')
    await client.close()
    await log.close()
    await engine.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const worker = (mode: string) => {
    const child = fork(fileURLToPath(new URL('../support/store/storage-process.ts', import.meta.url)), [
      dataDir,
      mode,
    ])
    workers.push(child)
    return child
  }
  await migrate(client)
  await countInserts(client)
  await append(log, 0, DECISIONS / 2)

  // when three workers in a row die between insert and commit
  for (let round = 0; round < 3; round++) await exited(worker('die-before-commit'))
  expect(await lagOf(log, 'storage', accessScored)).toBe(DECISIONS / 2)

  // and, with decisions still coming, workers and the engine are killed in the middle of their work
  const appended = append(log, DECISIONS / 2, DECISIONS)
  for (let round = 0; round < 4; round++) {
    const child = worker('live')
    await pause(300 + 250 * round)
    if (engine.pid !== null) process.kill(engine.pid, 'SIGKILL')
    if (round % 2 === 0) continue
    await pause(150)
    child.kill('SIGKILL')
  }
  await appended
  worker('live')
  await untilCaughtUp(log, [['storage', accessScored]])

  // then every decision is there once, was let in once, and the roll-ups agree with a recount
  await eventually('the store answers', async () => (await client.ping({ select: true })).success)
  expect(await rowsOf(client, 'SELECT count() AS stored, uniqExact(id) AS decisions FROM decisions')).toEqual(
    [{ stored: DECISIONS, decisions: DECISIONS }],
  )
  expect(await rowsOf(client, 'SELECT sum(rows) AS inserted FROM inserted')).toEqual([
    { inserted: DECISIONS },
  ])
  await rollUpAll(client)
  const rolledUp = await rowsOf(
    client,
    `SELECT toString(day) AS date, app, outcome, sum(n) AS decisions, sum(r) AS by_risk, max(s) AS subjects FROM (
       SELECT toDate(hour) AS day, resource_app AS app, outcome, decisions AS n, if(caused_by = 'risk_feedback', decisions, 0) AS r, 0 AS s FROM decisions_by_hour FINAL
       UNION ALL
       SELECT day, resource_app AS app, outcome, 0 AS n, 0 AS r, uniqCombinedMerge(12)(subjects) AS s FROM decisions_by_day GROUP BY day, app, outcome
     ) GROUP BY date, app, outcome ORDER BY date, app, outcome`,
  )
  const recounted = await rowsOf(
    client,
    `SELECT toString(toDate(decided_at, 'UTC')) AS date, resource_app AS app, outcome, count() AS decisions,
       countIf(caused_by = 'risk_feedback') AS by_risk, uniqExact(subject_type, subject_id) AS subjects
     FROM decisions GROUP BY date, app, outcome ORDER BY date, app, outcome`,
  )
  expect(rolledUp).toEqual(recounted)
  expect(recounted.length).toBeGreaterThan(20)
})

async function append(log: EventLog, from: number, to: number): Promise<void> {
  const golden = await readFile(new URL('../golden/v1/scored-decision.json', import.meta.url), 'utf8')
  const base = ScoredDecision.parse(JSON.parse(golden))
  for (let first = from; first < to; first += 500) {
    const records = Array.from({ length: Math.min(500, to - first) }, (_, i) => {
      const n = first + i
      const at = new Date(Date.UTC(2026, 0, 31, 23, 57) + n * 15).toISOString()
      const decision = {
        ...base.decision,
        id: `d${n}`,
        decided_at: at,
        outcome: Outcome.options[n % 3] ?? 'permit',
        subject: { type: 'user' as const, id: `user-${n % 97}` },
        resource: { ...base.decision.resource, app: `app-${n % 4}` },
        ...(n % 11 === 0 ? { caused_by: 'risk_feedback' as const } : {}),
        latency_us: n % 1000,
      }
      return jsonRecord(accessScored, { ...base, decision })
    })
    await log.append(records)
    await pause(5)
  }
}

function exited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
