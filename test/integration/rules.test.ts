import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import {
  accessFindings,
  accessScored,
  ruleMatches,
  scoringRuleState,
  type LogTopic,
} from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, OutRecord } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { scoringMetrics } from '../../services/scoring/metrics.ts'
import { RulesConfig } from '../../services/scoring/rules/config.ts'
import { replayRules } from '../../services/scoring/rules/replay-rules.ts'
import { RULE_STAGE } from '../../services/scoring/rules/stages.ts'
import { ruleMetrics } from '../../services/scoring/rules/metrics.ts'
import { startRules } from '../../services/scoring/rules/start-rules.ts'
import { eventually } from '../support/eventually.ts'
import { logDrivers } from '../support/log/log-drivers.ts'
import { decisionOf } from '../support/scoring/play.ts'
import { foundBy, ruleText, scoredOf, temporaryDirectory } from '../support/scoring/rules.ts'
import { loggedFindings } from '../support/scoring/logged-findings.ts'

const deletes = ruleText('{ s: { action.name: delete }, condition: s }').replace('name: it', 'name: deletes')
const exports_ = ruleText('{ s: { action.name: export }, condition: s }').replace('name: it', 'name: exports')

async function openLog(): Promise<EventLog> {
  const directory = await temporaryDirectory((close) => onTestFinished(close))
  const eventLog = await openEmbeddedLog({ directory, partitions: 2 })
  onTestFinished(() => eventLog.close())
  return eventLog
}

interface StartOptions {
  readonly batchRecords?: number
  /** Fails so many batches of the second stage after they were judged, before their commit. */
  readonly failing?: number
}

async function start(
  eventLog: EventLog,
  directory: string,
  { batchRecords = 1000, failing = 0 }: StartOptions = {},
) {
  const logged: string[] = []
  const registry = new Registry()
  const metrics = scoringMetrics(registry)
  let left = failing
  const rules = await startRules(RulesConfig.parse({ directory, refresh: '100ms' }), {
    eventLog,
    logger: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
    metrics: {
      ...metrics,
      count(stage, tally) {
        if (stage === RULE_STAGE && left-- > 0) throw new Error('a fault of the test')
        metrics.count(stage, tally)
      },
    },
    ruleMetrics: ruleMetrics(registry),
    batchRecords,
    tenant: 'default',
  })
  onTestFinished(() => rules.stop())
  const figure = async (name: string) =>
    (await registry.getSingleMetric(`gatewatch_scoring_${name}`)?.get())?.values
  return { rules, logged, figure }
}

let at = 0
function did(who: string, action: string): Decision {
  at += 1000
  return decisionOf(who, at, { action: { name: action } })
}

async function append(eventLog: EventLog, ...decisions: readonly Decision[]): Promise<void> {
  await eventLog.append(decisions.map((decision) => jsonRecord(accessScored, scoredOf(decision))))
}

async function findings(eventLog: EventLog): Promise<string[]> {
  return foundBy(await loggedFindings(eventLog)).toSorted()
}

describe('rules on the embedded log', () => {
  it('are exchanged while decisions come, and a file that is broken keeps its last good version', async () => {
    const eventLog = await openLog()
    const directory = await temporaryDirectory((close) => onTestFinished(close))
    const put = async (name: string, text: string) => {
      await writeFile(join(directory, `.${name}`), text)
      await rename(join(directory, `.${name}`), join(directory, name))
    }
    await put('deletes.yml', deletes)
    const { rules, logged, figure } = await start(eventLog, directory)

    await append(eventLog, did('alice', 'read'), did('mallory', 'delete'), did('bob', 'export'))
    await rules.drained()
    expect(await findings(eventLog)).toEqual(['rule-deletes user:mallory'])
    const before = rules.loader.current.version

    await put('exports.yml', exports_)
    await eventually('the new rule is in force', () => rules.loader.current.version !== before)
    await append(eventLog, did('bob', 'export'), did('alice', 'read'))
    await rules.drained()
    expect(await findings(eventLog)).toEqual(['rule-deletes user:mallory', 'rule-exports user:bob'])

    await put('deletes.yml', deletes.replace('action.name', 'action.nam'))
    await eventually('the mistake is known', () => rules.loader.problems.length === 1)
    expect(rules.loader.kept).toEqual(['deletes.yml'])
    await append(eventLog, did('trudy', 'delete'))
    await rules.drained()
    expect(await findings(eventLog)).toContain('rule-deletes user:trudy')
    const said = logged.find((line) => line.includes('rule can not be used')) ?? ''
    expect(JSON.parse(said)).toMatchObject({ file: 'deletes.yml', line: 4, last_good: true })
    expect(said).toContain('there is no field action.nam; is action.name meant?')
    expect(await figure('rule_problems')).toMatchObject([{ value: 1 }, { value: 0 }])

    await rm(join(directory, 'deletes.yml'))
    await eventually('the rule is gone', () => rules.loader.problems.length === 0)
    await append(eventLog, did('oscar', 'delete'), did('oscar', 'export'))
    await rules.drained()
    expect(await findings(eventLog)).toEqual([
      'rule-deletes user:mallory',
      'rule-deletes user:trudy',
      'rule-exports user:bob',
      'rule-exports user:oscar',
    ])
    const versions = (await loggedFindings(eventLog)).map(({ evidence }) => evidence['rule_set'])
    expect(new Set(versions).size).toBe(3)
  })

  it('are refused at the start where the directory is not there, and stay where it goes away', async () => {
    const eventLog = await openLog()
    const directory = await temporaryDirectory((close) => onTestFinished(close))
    await expect(start(eventLog, join(directory, 'none'))).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
    })
    await writeFile(join(directory, 'deletes.yml'), deletes)
    const { rules } = await start(eventLog, directory)
    await rm(directory, { recursive: true })
    await eventually('a look failed', () => rules.loader.failing)
    expect(rules.loader.current.matched).toHaveLength(1)
  })

  it('are read beside a file that can not be, at the start and later, and that file keeps its last good version', async () => {
    const eventLog = await openLog()
    const directory = await temporaryDirectory((close) => onTestFinished(close))
    await writeFile(join(directory, 'deletes.yml'), deletes)
    await symlink(join(directory, 'nothing'), join(directory, 'gone.yml'))
    const { rules, figure } = await start(eventLog, directory)
    expect(rules.loader.problems).toMatchObject([{ file: 'gone.yml', line: 1 }])

    await writeFile(join(directory, 'exports.yml'), exports_)
    await writeFile(join(directory, 'deletes.yml'), `${deletes}# ${'x'.repeat(300_000)}`)
    await eventually('both were looked at', () => rules.loader.problems.length === 2)
    expect(rules.loader.kept).toEqual(['deletes.yml'])
    expect(await figure('rule_problems')).toMatchObject([{ value: 2 }, { value: 0 }])
    await append(eventLog, did('mallory', 'delete'), did('bob', 'export'), did('alice', 'read'))
    await rules.drained()
    expect(await findings(eventLog)).toEqual(['rule-deletes user:mallory', 'rule-exports user:bob'])
  })

  it('come back as they were last good after a restart with a broken file', async () => {
    const eventLog = await openLog()
    const directory = await temporaryDirectory((close) => onTestFinished(close))
    await writeFile(join(directory, 'deletes.yml'), deletes)
    const first = await start(eventLog, directory)
    await append(eventLog, did('alice', 'read'))
    await first.rules.drained()
    await first.rules.stop()
    await writeFile(join(directory, 'deletes.yml'), 'title: [')
    // As JSON six times as long: what is in force must be readable again.
    for (const name of ['a', 'b', 'c'])
      await writeFile(join(directory, `${name}.yml`), '\u0001'.repeat(262_144))
    const second = await start(eventLog, directory)
    expect(second.rules.loader.kept).toEqual(['deletes.yml'])
    await append(eventLog, did('mallory', 'delete'))
    await second.rules.drained()
    expect(await findings(eventLog)).toEqual(['rule-deletes user:mallory'])
    await second.rules.stop()
    const third = await start(eventLog, directory)
    expect(third.rules.loader.kept).toEqual(['deletes.yml'])
  })
})

const counted = `${deletes}---
title: Many
name: many
correlation: { type: event_count, rules: [deletes], group-by: [subject.id], timespan: 10m, condition: { gte: 3 } }
generate: true
`

async function recordsOf(eventLog: EventLog, topic: LogTopic): Promise<string[]> {
  const all: string[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition }))
      for (const { key, value } of records) all.push(`${key} ${Buffer.from(value ?? []).toString()}`)
  }
  return all
}

describe.each(logDrivers())('rules on the $name log', ({ skip, open }) => {
  it.skipIf(skip)(
    'find the same when batches fail, the worker is another, and all is replayed, byte for byte, each decision with the rules of its time',
    async () => {
      const driver = await open()
      onTestFinished(() => driver.close())
      const eventLog = await driver.open()
      onTestFinished(() => eventLog.close())
      const directory = await temporaryDirectory((close) => onTestFinished(close))
      await writeFile(join(directory, 'rules.yml'), counted)
      const people = ['alice', 'bob', 'carol', 'dave', 'mallory']
      const some = () =>
        Array.from({ length: 60 }, (_, i) => did(people[i % 5] ?? '', i % 4 === 0 ? 'delete' : 'read'))
      const first = await start(eventLog, directory, { batchRecords: 7, failing: 2 })
      await append(eventLog, ...some())
      await first.rules.drained()
      await first.rules.stop()
      await writeFile(join(directory, 'rules.yml'), counted.replace('gte: 3', 'gte: 2'))
      at += 3_600_000
      const second = await start(eventLog, directory, { batchRecords: 11, failing: 1 })
      await append(eventLog, ...some())
      await second.rules.drained()
      await second.rules.stop()

      const replayed: OutRecord[] = []
      const { findings: again } = await replayRules(eventLog, {
        told: (record) => void replayed.push(record),
      })
      const of = (topic: LogTopic) =>
        replayed.flatMap(({ topic: { name }, key, value }) =>
          name === topic.name ? [`${key} ${String(value ?? '')}`] : [],
        )
      expect(of(ruleMatches).toSorted()).toEqual((await recordsOf(eventLog, ruleMatches)).toSorted())
      expect(of(accessFindings).toSorted()).toEqual((await recordsOf(eventLog, accessFindings)).toSorted())
      expect(new Set(again.map(({ evidence }) => evidence['rule_set'])).size).toBe(2)
      expect(again.length).toBeGreaterThan(8)
      const newest = (records: readonly string[]) =>
        new Map(records.map((text) => [text.slice(0, text.indexOf(' ')), text]))
      expect(newest(of(scoringRuleState))).toEqual(newest(await recordsOf(eventLog, scoringRuleState)))
    },
  )
})
