import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Alert } from '../../schemas/alert.ts'
import { RiskState } from '../../schemas/risk.ts'
import { Story } from '../../schemas/story.ts'
import { accessFindings, accessStories, alertsOutbox, riskState } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord, parseJson } from '../../services/runtime/log/json-record.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { temporaryDirectory } from '../support/feedback/feedback.ts'
import { finding, subject } from '../support/scoring/findings.ts'

const CHILD = fileURLToPath(new URL('../support/feedback/feedback-child.ts', import.meta.url))
const KILLS = 5
const PEOPLE = 40
const FINDINGS = 400

async function startChild(directory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CHILD, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout ?? child, 'data')
  return child
}

it('kill -9 of the ledger under load: every finding counts once, in one story, with one alert', async () => {
  const directory = await temporaryDirectory()
  const eventLog = await openEmbeddedLog({ directory: join(directory.path, 'log'), partitions: 2 })
  let child = await startChild(directory.path)

  // given two causes a person, told in ten pieces each, and a ledger that is killed again and again meanwhile
  const began = Date.now()
  let kills = 0
  for (let i = 0; i < FINDINGS; i++) {
    const told = finding({
      id: `f-${i}`,
      entity: subject(`u${i % PEOPLE}`),
      cause: i % 2 === 0 ? 'location' : 'credential',
      evidence_nats: 4 + (i % 3) / 2,
      at_ms: began,
    })
    await eventLog.append([jsonRecord(accessFindings, told)])
    if (i % Math.floor(FINDINGS / KILLS) === 40) {
      child.kill('SIGKILL')
      await once(child, 'exit')
      kills += 1
      child = await startChild(directory.path)
    }
  }
  await untilCaughtUp(eventLog, [['feedback', accessFindings]])
  child.kill('SIGKILL')
  await once(child, 'exit')

  // then what stands in the log is what one ledger would have made of them
  const [states, stories, alerts] = await Promise.all([
    eventLog.openTable(riskState),
    eventLog.openTable(accessStories),
    eventLog.openTable(alertsOutbox),
  ])
  const parsed = <T>(value: Uint8Array, schema: { parse(value: unknown): T }): T => {
    const json = parseJson({ value })
    if (json.kind !== 'ok') throw new Error('not JSON')
    return schema.parse(json.value)
  }
  const people = [...states.entries()].map(([, value]) => parsed(value, RiskState))
  const told = [...stories.entries()].map(([, value]) => parsed(value, Story))
  const paged = [...alerts.entries()].map(([, value]) => parsed(value, Alert))
  expect(kills).toBe(KILLS)
  expect(people).toHaveLength(PEOPLE)
  const counted = people.flatMap((state) => state.causes.flatMap((cause) => cause.finding_ids))
  expect(counted.sort()).toEqual(Array.from({ length: FINDINGS }, (_, i) => `f-${i}`).sort())
  expect(told).toHaveLength(PEOPLE)
  expect(told.reduce((sum, story) => sum + story.findings_total, 0)).toBe(FINDINGS)
  expect(new Set(paged.map((alert) => alert.story_id))).toEqual(new Set(told.map((story) => story.id)))
  expect(paged).toHaveLength(PEOPLE)
  await eventLog.close()
  await directory.remove()
})
