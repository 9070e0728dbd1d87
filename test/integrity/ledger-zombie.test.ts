import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Alert } from '../../schemas/alert.ts'
import { RiskState } from '../../schemas/risk.ts'
import { Story } from '../../schemas/story.ts'
import { accessFindings, accessStories, alertsOutbox, riskState, type Topic } from '../../schemas/topics.ts'
import { jsonRecord, readRecord } from '../../services/runtime/log/json-record.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDirectory } from '../support/feedback/feedback.ts'
import { finding, subject } from '../support/scoring/findings.ts'
import { logDrivers } from '../support/log/log-drivers.ts'
import { startRole, THIS_VERSION } from '../support/whole/upgrade.ts'

const PEOPLE = 12
const EACH = 60
const driver = logDrivers().find(({ name, skip }) => name === 'Kafka' && !skip)

describe.skipIf(driver === undefined)('a ledger that sleeps while another takes its place', () => {
  it('writes nothing of what it had in hand, stands by when it wakes, and goes on from the log when the other dies: every finding counts once, in one story, with one alert', async () => {
    const directory = await temporaryDirectory()
    onTestFinished(() => directory.remove())
    const place = await driver?.open()
    if (place === undefined) return
    const eventLog = await place.open()
    onTestFinished(() => eventLog.close())
    const start = async (name: string) => {
      const dataDir = join(directory.path, name)
      await mkdir(dataDir)
      const role = await startRole(THIS_VERSION, {
        name: 'feedback',
        log: { ...place.child, module: basename(place.child.module) },
        dataDir,
        endpoint: { url: 'http://127.0.0.1:9', username: 'default', password: '', database: 'none' },
        policy: '',
        pep_id: name,
      })
      onTestFinished(() => void role.child.kill('SIGKILL'))
      return role
    }
    const began = Date.now()
    let told = 0
    const find = async (count: number) => {
      for (const last = told + count; told < last; told++) {
        const one = finding({
          id: `f-${told}`,
          entity: subject(`u${told % PEOPLE}`),
          cause: Math.floor(told / PEOPLE) % 2 === 0 ? 'location' : 'credential',
          evidence_nats: 4,
          at_ms: began,
        })
        await eventLog.append([jsonRecord(accessFindings, one)])
      }
    }
    const handled = () => untilCaughtUp(eventLog, [['feedback', accessFindings]])

    // given a ledger that falls asleep with findings on their way
    const sleeper = await start('sleeper')
    await find(EACH)
    await handled()
    await find(EACH / 2)
    sleeper.child.kill('SIGSTOP')
    await find(EACH / 2)
    await eventually('it is taken for dead', async () => !(await eventLog.hasMembers('feedback')))

    // when another one takes its place, and it wakes in the midst of more
    const successor = await start('successor')
    await find(EACH)
    await handled()
    sleeper.child.kill('SIGCONT')
    await find(EACH)
    await handled()
    // and, standing by, has the ledger again
    successor.child.kill('SIGKILL')
    await find(EACH)
    await handled()
    expect(await sleeper.stop()).toBe(0)

    // then the log holds what one ledger would have made of them
    const states = await valuesOf(riskState, RiskState)
    const stories = await valuesOf(accessStories, Story)
    const outbox = await valuesOf(alertsOutbox, Alert)
    const alerts = outbox.filter(({ kind }) => kind === 'story')
    const counted = states.flatMap((state) => state.causes.flatMap((cause) => cause.finding_ids))
    expect(counted.sort()).toEqual(Array.from({ length: told }, (_, i) => `f-${i}`).sort())
    expect(states).toHaveLength(PEOPLE)
    expect(stories).toHaveLength(PEOPLE)
    expect(stories.reduce((sum, story) => sum + story.findings_total, 0)).toBe(told)
    expect(alerts).toHaveLength(PEOPLE)
    // More people than it restricts within an hour: it opened, once.
    const others = outbox.filter(({ kind }) => kind !== 'story')
    expect(others.map(({ kind, revision }) => ({ kind, revision }))).toEqual([
      { kind: 'circuit_breaker', revision: 1 },
    ])
    expect(new Set(alerts.map(({ story_id }) => story_id))).toEqual(new Set(stories.map(({ id }) => id)))

    async function valuesOf<T>(topic: Topic<T>, schema: Topic<T>['schema']): Promise<T[]> {
      const table = await eventLog.openTable(topic)
      const values = [...table.entries()].map(([, value]) => readRecord(schema, { value }))
      await table.close()
      return values.filter((value) => value !== undefined)
    }
  })
})
