import { hash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Control } from '../../schemas/control.ts'
import type { Calibration } from '../../schemas/calibration.ts'
import type { Decision, DecisionInput } from '../../schemas/decision.ts'
import type { Finding } from '../../schemas/finding.ts'
import {
  accessDecisions,
  accessFindings,
  analystVerdicts,
  control,
  scoringSourceState,
  scoringState,
} from '../../schemas/topics.ts'
import type { Verdict, VerdictKind } from '../../schemas/verdict.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../services/runtime/log/json-record.ts'
import { seededNumbers } from '../../services/runtime/seeded-numbers.ts'
import { compareReplay } from '../../services/scoring/compare-replay.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { openEnrich, scoringStages, startCalibration, startScoring } from '../../services/scoring/main.ts'
import { StoredEnrichment } from '../../services/scoring/replay/stored-enrichment.ts'
import { replayDecisions } from '../../services/scoring/replay.ts'
import { replayRules } from '../../services/scoring/rules/replay-rules.ts'
import {
  BERLIN_IP,
  CHROME,
  DAY,
  decisionOf,
  FIREFOX,
  LONDON_IP,
  MINUTE,
  TOKYO_IP,
} from '../support/scoring/play.ts'
import { eventually } from '../support/eventually.ts'
import { loggedFindings } from '../support/scoring/logged-findings.ts'

const PEOPLE = 24
const DAYS = 5
const crm = { type: 'http', id: '/deals/7', app: 'crm', path_template: '/deals/{id}' }
const OLD = 'a'.repeat(64)
const BAD = 'b'.repeat(64)
const STATES = new Set([scoringState.name, scoringSourceState.name])

const NETWORKS = [
  {
    cidr: '192.0.2.0/24',
    city: 'Berlin',
    country: 'DE',
    latitude: 52.52,
    longitude: 13.405,
    asn: 64501,
  },
  { cidr: '203.0.113.0/25', city: 'Tokyo', country: 'JP', latitude: 35.68, longitude: 139.69, asn: 64504 },
  {
    cidr: '203.0.113.128/25',
    city: 'London',
    country: 'GB',
    latitude: 51.507,
    longitude: -0.128,
    asn: 64505,
  },
]

const RULE = `title: Deals seen from two places
name: seen
logsource: { product: gatewatch }
detection: { deals: { resource.app: crm, context.ip: ${TOKYO_IP} }, condition: deals }
---
title: Deals seen often from far away
name: seen-often
level: medium
correlation: { type: event_count, rules: [seen], group-by: [subject.id], timespan: 1d, condition: { gte: 2 } }
`

/** A day of twenty-four people, and of forty who come once from a network of their own; some come from elsewhere at times. On the last the policy refuses them, and somebody guesses a password at many names. */
function day(number: number): Decision[] {
  const random = seededNumbers(number + 1)
  const decisions: Decision[] = []
  const last = number === DAYS - 1
  for (let slot = 0; slot < 48; slot++) {
    for (let who = 0; who < PEOPLE; who++) {
      const atMs = number * DAY + slot * 30 * MINUTE + who
      const strange = slot > 20 && random() < 0.03
      const place = strange
        ? { ip: random() < 0.5 ? TOKYO_IP : LONDON_IP, user_agent: CHROME }
        : { ip: BERLIN_IP, user_agent: FIREFOX }
      const refused = last && slot > 18 && who < 20
      const over: Partial<DecisionInput> = {
        context: place,
        resource: crm,
        outcome: refused ? 'deny' : 'permit',
        reasons: [refused ? 'no_rule_matched' : 'policy_permit'],
        policy: { revision: last && slot > 18 ? BAD : OLD, route_id: 'deals' },
      }
      decisions.push(decisionOf(`person-${who}`, atMs, over))
    }
    for (let guest = 0; guest < (slot === 10 ? 40 : 0); guest++)
      decisions.push(
        decisionOf(`visitor-${guest}`, number * DAY + slot * 30 * MINUTE + 100 + guest, {
          context: { ip: `10.2.${guest}.1`, user_agent: FIREFOX },
        }),
      )
    if (!last || slot !== 30) continue
    for (let name = 0; name < 40; name++)
      decisions.push(
        decisionOf(`name-${slot}-${name}`, number * DAY + slot * 30 * MINUTE + 100 + name * 500, {
          outcome: 'deny',
          reasons: ['credentials_rejected'],
          action: { name: 'login' },
          context: { ip: LONDON_IP, user_agent: CHROME },
        }),
      )
  }
  return decisions
}

async function controls(eventLog: EventLog): Promise<Control[]> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    return [...table.entries()].flatMap(([, value]) => readRecord(control.schema, { value }) ?? [])
  } finally {
    await table.close()
  }
}

/** A verdict on a finding that the role has not heard of would teach nothing. */
async function heardAll(eventLog: EventLog): Promise<boolean> {
  const committed = await eventLog.committed('calibration', accessFindings)
  const marks = await eventLog.watermarks(accessFindings)
  return marks.every(({ partition, high }) => (committed.get(partition) ?? 0) >= high)
}

const calibrations = async (eventLog: EventLog) =>
  (await controls(eventLog)).flatMap((each) => (each.kind === 'calibration' ? [each.calibration] : []))

const isTaught = ({ safe = [], dropped = [] }: Calibration) => safe.length > 0 && dropped.length > 0

it('live and replayed are the same, byte for byte: all stages on several partitions, calibrations as they were taken up, verdicts that taught, a policy gone wrong, rules', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewatch-replay-live-'))
  await mkdir(join(folder, 'rules'))
  await writeFile(join(folder, 'rules', 'seen.yml'), RULE)
  const networks_file = join(folder, 'networks.yaml')
  await writeFile(networks_file, stringify({ networks: NETWORKS }))
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'log'), partitions: 3 })
  onTestFinished(async () => {
    await eventLog.close()
    await rm(folder, { recursive: true, force: true })
  })
  const config = ScoringConfig.parse({
    findings_per_day: 3,
    networks_file,
    rules: { directory: join(folder, 'rules') },
  })
  const runtime = { eventLog, logger: pino({ level: 'silent' }), metrics: new Registry(), dataDir: folder }
  const scoring = await startScoring(runtime, config)
  const role = await startCalibration({ ...runtime, metrics: new Registry() }, config, { takeover_ms: 0 })
  for (let number = 0; number < DAYS; number++) {
    const decisions = day(number)
    // In two halves: between them what a day taught is taken up.
    for (const half of [decisions.slice(0, decisions.length / 2), decisions.slice(decisions.length / 2)]) {
      await eventLog.append(half.map((each) => jsonRecord(accessDecisions, each)))
      await scoring.drained()
    }
    await expect
      .poll(async () => (await calibrations(eventLog)).length)
      .toBeGreaterThanOrEqual(2 * (number + 1))
    if (number !== 3) continue
    await eventually('the role knows all findings', async () => heardAll(eventLog))
    const found = (await loggedFindings(eventLog)).filter(
      ({ entity, detector }) => entity.type === 'subject' && !detector.id.startsWith('rule-'),
    )
    const harmless = found.at(-1)
    const attack = found.findLast(({ entity }) => entity.id !== harmless?.entity.id)
    if (harmless === undefined || attack === undefined) throw new Error('too little was found')
    const verdictOn = (id: string, verdict: VerdictKind, of: Finding): Verdict => ({
      schema_version: 1,
      id,
      tenant: of.tenant,
      verdict,
      entity: of.entity,
      story_id: null,
      finding_ids: [of.id],
      analyst: 'alice',
      note: '',
      decided_at: of.observed_at,
    })
    await eventLog.append([
      jsonRecord(analystVerdicts, verdictOn('v-1', 'confirm_safe', harmless)),
      jsonRecord(analystVerdicts, verdictOn('v-2', 'confirm_compromised', attack)),
    ])
    await expect.poll(async () => (await calibrations(eventLog)).some(isTaught)).toBe(true)
  }
  await role.stop()
  await scoring.stop()

  const enrich = await openEnrich(config)
  const replayed = async () => {
    const stored = new StoredEnrichment(eventLog, enrich)
    return compareReplay(eventLog, scoringStages(stored.enrich, config), {}, { stored, limits: config.rules })
  }
  const compared = await replayed()
  expect(compared).toMatchObject({ other: [], missing: [], surplus: [], looked_up: 0 })
  expect(compared.same).toBe((await loggedFindings(eventLog)).length)
  // Every kind took part; else this would prove less than it says.
  const detectors = Object.keys(compared.detectors)
  expect(detectors).toEqual(expect.arrayContaining(['policy-intent', 'rule-seen-often', 'spray']))
  const taken = (await controls(eventLog)).flatMap((each) => (each.kind === 'adoption' ? [each] : []))
  expect(new Set(taken.map(({ stage, partition }) => `${stage}/${partition}`)).size).toBe(6)
  const taught = (await calibrations(eventLog)).filter(isTaught)
  expect(taken.some(({ version }) => taught.some((each) => each.version === version))).toBe(true)

  // Everything that the stages write, twice: scores, slim records, state, matches.
  const state = new Map<string, string>()
  const written = async () => {
    const lines: string[] = []
    state.clear()
    const told = ({ topic, key, value }: { topic: { name: string }; key: string; value: unknown }) => {
      const text = Buffer.isBuffer(value) ? value.toString('hex') : String(value)
      lines.push(`${topic.name} ${key} ${text}`)
      if (STATES.has(topic.name)) state.set(`${topic.name} ${key}`, text)
    }
    const stored = new StoredEnrichment(eventLog, enrich)
    await replayDecisions(eventLog, scoringStages(stored.enrich, config), { stored, told })
    await replayRules(eventLog, { limits: config.rules, told })
    return hash('sha256', lines.join('\n'))
  }
  expect(await written()).toBe(await written())
  // What the live workers know of everybody is what the replay does.
  for (const topic of [scoringState, scoringSourceState]) {
    const table = await eventLog.openTable(topic)
    await table.caughtUp()
    const known = [...table.entries()]
    expect(known.length).toBeGreaterThan(PEOPLE)
    const others = known.filter(
      ([key, value]) => state.get(`${topic.name} ${key}`) !== Buffer.from(value).toString('hex'),
    )
    expect(others.map(([key]) => key)).toEqual([])
    await table.close()
  }
})
