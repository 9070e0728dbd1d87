import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { accessScored } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { scoringMetrics } from '../../services/scoring/metrics.ts'
import { loggedFindings } from '../../services/scoring/replay.ts'
import { RulesConfig } from '../../services/scoring/rules/config.ts'
import { ruleMetrics } from '../../services/scoring/rules/metrics.ts'
import { startRules } from '../../services/scoring/rules/start-rules.ts'
import { eventually } from '../support/eventually.ts'
import { decisionOf } from '../support/play.ts'
import { foundBy, ruleText, scoredOf, temporaryDirectory } from '../support/rules.ts'

const deletes = ruleText('{ s: { action.name: delete }, condition: s }').replace('name: it', 'name: deletes')
const exports_ = ruleText('{ s: { action.name: export }, condition: s }').replace('name: it', 'name: exports')

async function openLog(): Promise<EventLog> {
  const directory = await temporaryDirectory((close) => onTestFinished(close))
  const eventLog = await openEmbeddedLog({ directory, partitions: 2 })
  onTestFinished(() => eventLog.close())
  return eventLog
}

async function start(eventLog: EventLog, directory: string) {
  const logged: string[] = []
  const registry = new Registry()
  const rules = await startRules(RulesConfig.parse({ directory, refresh: '100ms' }), {
    eventLog,
    logger: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
    metrics: scoringMetrics(registry),
    ruleMetrics: ruleMetrics(registry),
    batchRecords: 1000,
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
    expect(await figure('rule_problems')).toMatchObject([{ value: 1 }])

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
})
