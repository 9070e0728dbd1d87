import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { rollUpDay } from '../../services/storage/roll-up/roll-up-day.ts'
import { readRollUps } from '../../services/storage/roll-up/roll-ups.ts'
import { expectSame } from '../support/dashboards/by-hand/compare.ts'
import { ofApplications } from '../support/dashboards/by-hand/of-applications.ts'
import { ofCompany } from '../support/dashboards/by-hand/of-company.ts'
import { ofGateways } from '../support/dashboards/by-hand/of-gateways.ts'
import { ofPolicy } from '../support/dashboards/by-hand/of-policy.ts'
import { ofSession, ofSource } from '../support/dashboards/by-hand/of-source.ts'
import { ofStorage } from '../support/dashboards/by-hand/of-storage.ts'
import { ofSubject } from '../support/dashboards/by-hand/of-subject.ts'
import { DAYS, delayMs, ODD, someDecisions } from '../support/dashboards/by-hand/some-decisions.ts'
import { atOf, type Asked, type Row } from '../support/dashboards/by-hand/tally.ts'
import { expandAsGrafana, type Value } from '../support/dashboards/grafana-expansion.ts'
import { questions, sqlOf } from '../support/dashboards/questions.ts'
import { REVISED, storeRevised } from '../support/dashboards/revised.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

/**
 * What panels answer, held against a count of the same decisions by plain loops
 * that know nothing of tables and roll-ups. All but the last of four days are
 * rolled up; ranges begin and end where a count goes wrong first.
 */
const DAY_MS = 86_400_000
const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS
const all = someDecisions(midnight, 1500)
const repeated = all.filter((_, i) => i % 20 === 0)
const byHand = {
  ...ofCompany,
  ...ofApplications,
  ...ofPolicy,
  ...ofSubject,
  ...ofSource,
  ...ofSession,
  ...ofGateways,
  ...ofStorage(repeated),
}

let store: TempEngine
beforeAll(async () => {
  store = await startTempEngine()
  await migrate(store.client)
  await store.client.command({ query: 'SYSTEM STOP MERGES' })
  const storedAt = (each: (typeof all)[number]) => atOf(each) + delayMs(each)
  await storeDecisions(store.client, 'all', all, storedAt)
  await storeDecisions(store.client, 'again', repeated, storedAt)
  const rollUps = await readRollUps()
  for (const tenant of ['default', 'other'])
    for (let day = midnight - DAYS * DAY_MS; day < midnight - DAY_MS; day += DAY_MS)
      await rollUpDay(store.client, rollUps, {
        tenant,
        day: new Date(day).toISOString().slice(0, 10),
        upTo: new Date().toISOString().slice(0, 23).replace('T', ' '),
      })
})
afterAll(() => store.close())

interface Asking extends Pick<Asked, 'from' | 'to' | 'interval_s' | 'subject' | 'source' | 'session'> {
  readonly apps?: readonly string[]
}
const sessionOf = (id: string, daysAgo: number) => `s-user-${id}-${midnight / DAY_MS - daysAgo}-a`
const alice = { subject: 'user:alice', source: '192.0.2.0/24', session: sessionOf('alice', 2) }
const odd = { subject: `user:${ODD}`, source: '203.0.113.0/24', session: sessionOf(ODD, 1) }
const ASKED: Readonly<Record<string, Asking>> = {
  'from the midst of one day to that of another, in steps of hours': {
    from: midnight - 3.56 * DAY_MS + 345,
    to: midnight - 0.3 * DAY_MS + 500,
    interval_s: 6 * 3600,
    ...alice,
  },
  'of a day that begins within an hour, of chosen applications and odd names': {
    from: midnight - 1.4312345 * DAY_MS,
    to: midnight - 0.4312345 * DAY_MS,
    interval_s: 900,
    apps: [ODD, 'records'],
    ...odd,
  },
  'from within the first second of a day, in steps of days': {
    from: midnight - 3 * DAY_MS + 500,
    to: midnight - DAY_MS - 1,
    interval_s: 86_400,
    ...alice,
  },
}

describe.each(Object.entries(ASKED))('figures %s', (_name, asking) => {
  it('are those that a count by hand gives, panel by panel', async () => {
    const [from, to] = [Math.floor(asking.from), Math.floor(asking.to)]
    const ofTenant = all.filter(({ decision }) => decision.tenant === 'default')
    const chosen = ofTenant.filter(
      ({ decision }) => asking.apps?.includes(decision.resource.app ?? '') ?? true,
    )
    const asked: Asked = { ...asking, from, to, decisions: ofTenant, ofAll: all }
    for (const [panel, count] of Object.entries(byHand)) {
      const sql = sqlOf(panel)
      const hasApps = sql.includes('${app:')
      const answer = await ask(sql, asking)
      expectSame(panel, answer, count(hasApps ? { ...asked, decisions: chosen } : asked))
    }
  })
})

/** Rows of what `storeRevised` stores, by column; a revision that another has replaced counts nowhere. */
const FOUND: Readonly<Record<string, readonly Row[]>> = {
  'gatewatch-overview: Open stories': [{ stories: 1 }],
  'gatewatch-overview: Restricted now': [{ subjects: 1 }],
  'gatewatch-overview: Findings by detector': [
    { detector: 'denied-burst', findings: 1 },
    { detector: 'spray', findings: 1 },
  ],
  'gatewatch-overview: Stories': [
    { title: 'stays', state: 'open', verdict: '' },
    { title: 'closed', state: 'closed', verdict: 'confirm_compromised' },
  ],
  'gatewatch-overview: Riskiest subjects': [
    { subject: 'user:alice', highest: 91, newest: 80, risk_level: 'HIGH', causes: 'rate' },
  ],
  'gatewatch-overview: @Attacks found': [{ story: 's-stays' }, { story: 's-closed' }],
  'gatewatch-subject: Highest risk': [{ risk: 91 }],
  'gatewatch-subject: Findings': [{ findings: 1 }],
  'gatewatch-subject: Timeline, findings': [{ what: 'finding HIGH', height: 90 }],
  'gatewatch-subject: Timeline, risk': [{ what: 'risk', height: 91 }],
  'gatewatch-subject: What was found': [{ risk_level: 'HIGH', detector: 'denied-burst', story: 's-stays' }],
  'gatewatch-subject: Subjects with findings': [{ subject: 'user:alice', findings: 1 }],
  'gatewatch-source: Findings': [
    { risk_level: 'HIGH', detector: 'denied-burst', story: 's-stays' },
    { risk_level: 'MEDIUM', detector: 'spray', story: 's-stays' },
  ],
  'gatewatch-detectors: Findings': [{ findings: 2 }],
  'gatewatch-detectors: Findings a day': [{ a_day: 24 }],
  'gatewatch-detectors: Precision': [{ precision: 1 }],
  'gatewatch-detectors: Without a verdict': [{ stories: 1 }],
  'gatewatch-detectors: Until a verdict': [{ seconds: 1200 }],
  'gatewatch-detectors: Made smaller by gates': [{ findings: 1 }],
  'gatewatch-detectors: Findings by level': [
    { level: 'HIGH', findings: 1 },
    { level: 'MEDIUM', findings: 1 },
  ],
  'gatewatch-detectors: Evidence': [{ median: 3.5, highest: 5 }],
  'gatewatch-detectors: Precision by detector': [
    { detector: 'denied-burst', findings: 1, compromised: 1, safe: 0, precision: 1 },
    { detector: 'spray', findings: 1, compromised: 0, safe: 0, precision: null },
  ],
  'gatewatch-detectors: Newest findings': [
    { risk_level: 'HIGH', detector: 'denied-burst', subject: 'user:alice', network: '', story: 's-stays' },
    { risk_level: 'MEDIUM', detector: 'spray', subject: '', network: '192.0.2.0/24', story: 's-stays' },
  ],
}

it('of what was found the newest revision counts, whether merges have replaced the others or not', async () => {
  const to = Math.floor(Date.now() / 1000) * 1000
  await storeRevised(store.client, to)
  const asking = { ...alice, from: to - 2 * 3_600_000, to, interval_s: 1_000_000_000 }
  for (const [panel, rows] of Object.entries(FOUND))
    expectSame(panel, await ask(sqlOf(panel), asking, REVISED), rows)
})

it('every panel that reads decisions is counted, but for those that compare people and sessions', () => {
  const reading = questions.filter(({ kind, sql }) => kind === 'panel' && sql.includes('FROM decisions'))
  expect(reading.map(({ name }) => name).filter((name) => !(name in byHand))).toEqual([
    'gatewatch-subject: Unlike its peers',
    'gatewatch-subject: Peers',
    'gatewatch-session: What was found',
    'gatewatch-session: Sessions with more than one bearer',
  ])
})

function ask(sql: string, { apps, ...asking }: Asking, tenant = 'default'): Promise<Row[]> {
  const everything = { all: '_all_' }
  const variables: Record<string, Value> = {
    tenant,
    console: 'http://127.0.0.1:8090',
    app: apps ?? everything,
    detector: everything,
    level: everything,
    subject: asking.subject,
    source: asking.source,
    session: asking.session,
  }
  const [from, to] = [new Date(Math.floor(asking.from)), new Date(Math.floor(asking.to))]
  return rowsOf<Row>(
    store.reader,
    expandAsGrafana(sql, { from, to, interval_ms: asking.interval_s * 1000, variables }),
  )
}
