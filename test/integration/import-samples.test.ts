import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Readable } from 'node:stream'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Decision } from '../../schemas/decision.ts'
import type { Finding } from '../../schemas/finding.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import type { FormatName } from '../../services/collector/formats/format.ts'
import { runImport, type ImportResult } from '../../services/collector/run-import.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { Runtime } from '../../services/runtime/runtime.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { startScoring } from '../../services/scoring/main.ts'
import { signing } from '../support/events/signing.ts'
import { loggedFindings } from '../support/scoring/logged-findings.ts'

/**
 * Real logs that nobody here wrote (their sources: SOURCES.md beside them).
 * They are not part of the project, so these tests skip where they are absent.
 */
const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const SSH = join(DATA, 'ssh', 'auth.log')
const ENTRA = join(DATA, 'entra', 'signin.jsonl.gz')
const CLOUDTRAIL = join(DATA, 'cloudtrail', 'cloudtrail.jsonl.gz')
for (const path of [SSH, ENTRA, CLOUDTRAIL]) {
  if (!existsSync(path)) process.stderr.write(`skipped: the real sample ${path} is not here\n`)
}

const NOW_MS = Date.parse('2026-01-01T00:00:00Z')
let folder: string
let eventLog: EventLog
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-samples-'))
  eventLog = await openEmbeddedLog({ directory: join(folder, 'log') })
})
afterEach(async () => {
  await eventLog.close()
  await rm(folder, { recursive: true, force: true })
})

async function importSample(path: string, format: FormatName): Promise<ImportResult> {
  const request = { path, format, tenant: 'import', year: 2017, timezone: 'UTC', live: false }
  return runImport(request, {
    eventLog,
    ...(await signing(folder)),
    stdin: Readable.from([]),
    now_ms: NOW_MS,
  })
}

async function decisionsIn(): Promise<Decision[]> {
  const all: Decision[] = []
  for (const { partition } of await eventLog.watermarks(accessDecisions)) {
    for await (const some of eventLog.read(accessDecisions, { partition })) {
      for (const { value } of some) all.push(Decision.parse(JSON.parse(Buffer.from(value ?? []).toString())))
    }
  }
  return all
}

/** Every finding at its last revision, by the scoring role as it runs. */
async function findingsOf(path: string, format: FormatName): Promise<Finding[]> {
  await importSample(path, format)
  const runtime: Runtime = {
    dataDir: folder,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
    eventLog,
  }
  const scoring = await startScoring(runtime, ScoringConfig.parse({}))
  await scoring.drained()
  await scoring.stop()
  return [...new Map((await loggedFindings(eventLog)).map((finding) => [finding.id, finding])).values()]
}

describe.skipIf(!existsSync(SSH))('the sshd sample', () => {
  it('gives every accepted login and every failure, and counts no attempt twice', async () => {
    const { summary } = await importSample(SSH, 'sshd')
    const decisions = await decisionsIn()
    const permitted = decisions.filter(({ outcome }) => outcome === 'permit')
    expect(permitted).toHaveLength(226)
    expect(new Set(permitted.map(({ subject }) => subject.id)).size).toBe(11)
    expect(new Set(permitted.map(({ context }) => context?.ip)).size).toBe(4)

    // 717 lines tell of failures. 85 of them say how often they were repeated, 410 times in all (325 more than
    // lines), and 86 connections were refused for their user name without a line of failure.
    const refused = decisions.filter(({ outcome }) => outcome === 'deny')
    expect(summary).toMatchObject({
      records: 7121,
      decisions: 1354,
      permitted: 226,
      refused: 1128,
      dead_letters: {},
    })
    expect(refused).toHaveLength(717 + 325 + 86)
    const run = refused.filter(
      ({ subject, context }) => subject.id === 'elastic_user_0' && context?.ip === '24.151.103.17',
    )
    expect(run).toHaveLength(147)
    expect(summary.from).toBe('2017-03-27T13:08:09.000Z')
    expect(summary.to).toBe('2017-04-20T14:14:29.000Z')
  })

  it('imported twice, changes nothing', async () => {
    await importSample(SSH, 'sshd')
    const before = await eventLog.watermarks(accessDecisions)
    expect((await importSample(SSH, 'sshd')).summary).toMatchObject({ decisions: 0, known: 1354 })
    expect(await eventLog.watermarks(accessDecisions)).toEqual(before)
  })

  it('its compromise is found at the very success, with at most three findings beside it', async () => {
    const findings = await findingsOf(SSH, 'sshd')
    const compromise = findings.filter(({ detector }) => detector.id === 'success-after-failures')
    expect(
      compromise.map(({ entity, observed_at, risk_level }) => [entity.id, observed_at, risk_level]),
    ).toEqual([['user:elastic_user_0', '2017-03-30T16:01:36.000Z', 'HIGH']])
    // What else is said of that account on that afternoon is the same attack, and no noise.
    const attack = ({ entity, observed_at }: Finding): boolean =>
      entity.id === 'user:elastic_user_0' && observed_at.startsWith('2017-03-30T1')
    expect(findings.filter((finding) => !attack(finding)).length).toBeLessThanOrEqual(3)
  })
})

describe.skipIf(!existsSync(ENTRA))('the Entra sample', () => {
  it('gives all 86 sign-ins of 6 people', async () => {
    const { summary } = await importSample(ENTRA, 'entra')
    expect(summary).toMatchObject({ records: 86, decisions: 86, permitted: 84, refused: 2, dead_letters: {} })
    expect(new Set((await decisionsIn()).map(({ subject }) => subject.id)).size).toBe(6)
    expect((await importSample(ENTRA, 'entra')).summary).toMatchObject({ decisions: 0, known: 86 })
  })

  it('the one who travels is found, and nobody else for travel', async () => {
    const travel = (await findingsOf(ENTRA, 'entra')).filter(
      ({ detector }) => detector.id === 'impossible-travel',
    )
    expect(travel.length).toBeGreaterThan(0)
    expect(new Set(travel.map(({ entity }) => entity.id.split('@')[0]))).toEqual(new Set(['user:meganb']))
  })
})

describe.skipIf(!existsSync(CLOUDTRAIL))('the CloudTrail sample', () => {
  it('gives all 2,900 calls, 60 of them denied', async () => {
    const { summary } = await importSample(CLOUDTRAIL, 'cloudtrail')
    expect(summary).toMatchObject({ records: 2900, decisions: 2900, dead_letters: {} })
    const outcomes = Map.groupBy(await decisionsIn(), ({ outcome }) => outcome)
    const counts = Object.fromEntries([...outcomes].map(([outcome, of]) => [outcome, of.length]))
    expect(counts).toEqual({ deny: 60, error_closed: 102, permit: 2738 })
    expect((await importSample(CLOUDTRAIL, 'cloudtrail')).summary).toMatchObject({
      decisions: 0,
      known: 2900,
    })
  })
})
