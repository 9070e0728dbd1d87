import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { Control } from '../../schemas/control.ts'
import { decisionKey, type Decision } from '../../schemas/decision.ts'
import type { Finding } from '../../schemas/finding.ts'
import { accessDecisions, control } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { seededNumbers } from '../../services/runtime/seeded-numbers.ts'
import { Adoptions } from '../../services/scoring/calibration/adoptions.ts'
import { runCalibration } from '../../services/scoring/calibration/run-calibration.ts'
import { scoringMetrics } from '../../services/scoring/metrics.ts'
import { replayDecisions } from '../../services/scoring/replay.ts'
import { runStage } from '../../services/scoring/run-stage.ts'
import { policyStage, sourceStage, subjectStage } from '../../services/scoring/worker.ts'
import { decisionOf, HOUR, LONDON_IP, CHROME, testEnrich, TOKYO_IP } from '../support/scoring/play.ts'
import { loggedFindings } from '../support/scoring/logged-findings.ts'

const PEOPLE = 40
const DAYS = 4
const logger = pino({ level: 'silent' })

/** A day of forty people, every quarter of an hour; each comes twice from elsewhere with another browser. */
function day(number: number): Decision[] {
  const random = seededNumbers(number)
  const decisions: Decision[] = []
  for (let quarter = 0; quarter < 96; quarter++) {
    for (let who = 0; who < PEOPLE; who++) {
      const strange = quarter > 40 && random() < 0.04
      const atMs = number * 24 * HOUR + quarter * (HOUR / 4) + who
      const elsewhere = { context: { ip: random() < 0.5 ? TOKYO_IP : LONDON_IP, user_agent: CHROME } }
      decisions.push(decisionOf(`person-${who}`, atMs, strange ? elsewhere : {}))
    }
  }
  return decisions
}

async function append(eventLog: EventLog, decisions: readonly Decision[]): Promise<void> {
  await eventLog.append(
    decisions.map((each) => ({
      topic: accessDecisions,
      key: decisionKey(each),
      value: JSON.stringify(each),
      headers: { 'content-type': 'application/json' },
    })),
  )
}

async function controls(eventLog: EventLog): Promise<Control[]> {
  const table = await eventLog.openTable(control)
  await table.caughtUp()
  const all = [...table.entries()].map(([, value]) =>
    control.schema.parse(JSON.parse(Buffer.from(value).toString())),
  )
  await table.close()
  return all
}

const namesOf = (findings: readonly Finding[]) =>
  findings.map((f) => `${f.id} ${f.revision} ${f.risk_level} ${JSON.stringify(f.evidence)}`).sort()

it('the role publishes thresholds, workers take them up at an offset that they tell, findings become fewer, and a replay gives the same ones', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-calibration-'))
  const eventLog = await openEmbeddedLog({ directory })
  onTestFinished(async () => {
    await eventLog.close()
    await rm(directory, { recursive: true, force: true })
  })
  const stages = { subject: subjectStage(testEnrich()), source: sourceStage(), policy: policyStage() }
  const registry = new Registry()
  const adoptions = new Adoptions('subject', stages.subject.detectors)
  await adoptions.open(eventLog)
  const worker = await runStage(stages.subject, {
    eventLog,
    logger,
    metrics: scoringMetrics(registry),
    group: 'scoring',
    entitiesInMemory: 1000,
    batchRecords: 500,
    adoptions,
  })
  const runtime = { eventLog, logger, metrics: registry }
  const detectors = { subject: stages.subject.detectors, source: stages.source.detectors }
  const start = () => runCalibration(runtime, detectors, 2, 0)
  let role = await start()
  for (let number = 0; number < DAYS; number++) {
    await append(eventLog, day(number))
    await worker.drained()
    if (number === 2) {
      await role.stop()
      registry.clear()
      role = await start()
    }
    await expect
      .poll(async () => (await controls(eventLog)).filter(({ kind }) => kind === 'calibration').length)
      .toBeGreaterThanOrEqual(3 * (number + 1))
  }
  await role.stop()
  await worker.stop()
  await adoptions.close()

  const findings = await loggedFindings(eventLog)
  const opened = (from: number) =>
    findings.filter(
      (f) => f.revision === 1 && Date.parse(f.observed_at) >= Date.parse('2026-01-01') + from * 24 * HOUR,
    )
  const first = opened(0).length - opened(1).length
  expect(first).toBeGreaterThan(10)
  expect(opened(DAYS - 1).length).toBeLessThan(first / 2)
  const all = await controls(eventLog)
  const taken = all.flatMap((each) => (each.kind === 'adoption' ? [each] : []))
  // On each day but the first a newer one was there.
  expect(taken.length).toBeGreaterThanOrEqual(DAYS - 1)
  expect(findings.some((f) => f.evidence['once_in'] !== undefined)).toBe(true)

  const replayed = await replayDecisions(eventLog, stages)
  expect(namesOf(replayed.findings.filter((f) => f.entity.type === 'subject'))).toEqual(namesOf(findings))
})
