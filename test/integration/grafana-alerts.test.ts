import type { ClickHouseClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoreAlert } from '../../dashboards/alerts/alert-rule.ts'
import { FINDINGS_A_DAY } from '../../dashboards/alerts/people-alerts.ts'
import { storeAlerts } from '../../dashboards/alerts/rule-files.ts'
import { CANARY_TENANT } from '../../schemas/canary.ts'
import type { Row } from '../../schemas/clickhouse/decision-row.ts'
import type { Decision } from '../../schemas/decision.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { findingRow } from '../../services/storage/rows/finding-row.ts'
import { storyRow } from '../../services/storage/rows/story-row.ts'
import { sampleFinding, sampleScored, sampleStory } from '../support/events/samples.ts'
import { expandedAlert, firing } from '../support/deploy/store-alert.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

const NOW = Date.now()
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const alerts = storeAlerts.flatMap((group) => group.alerts)
const named = alerts.map((alert) => [alert.title, alert] as const)
const HOSTILE = `it's "quoted" \\ line\nbreak 🙂 {{ .Labels.x }} $value`

let engine: TempEngine
let blocks = 0

beforeAll(async () => {
  engine = await startTempEngine()
  await migrate(engine.client)
})
afterAll(() => engine.close())

describe('on empty tables', () => {
  it.each(named)('%s answers, and fires only if that is what it is for', async (_title, alert) => {
    const rows = await ask(alert)
    expect(rows.length).toBe(alert.no_data === 'Alerting' ? 1 : 0)
    expect(firing(alert, rows)).toEqual(alert.title === 'GatewatchNothingArrives' ? [{}] : [])
  })
})

describe('with one row in each table', () => {
  beforeAll(async () => {
    await decide([{ decided_at: ago(30 * MINUTE), tenant: 'quiet', pep: pep('gw-quiet', 0) }])
    await put('findings', [
      findingRow(sampleFinding({ id: 'f', tenant: 'quiet', observed_at: ago(30 * MINUTE) }), NOW),
    ])
    await put('stories', [
      storyRow(sampleStory({ id: 's', tenant: 'quiet', observed_at: ago(30 * MINUTE) }), NOW),
    ])
  })

  it.each(named.filter(([title]) => title !== 'GatewatchNothingArrives'))(
    '%s is quiet',
    async (_t, alert) => {
      expect(firing(alert, await ask(alert))).toEqual([])
    },
  )
})

describe('where something is wrong', () => {
  it('a canary that arrives says that the way is open', async () => {
    await decide([{ decided_at: ago(MINUTE), tenant: CANARY_TENANT, pep: pep('gw-quiet', 1) }])
    expect(await fired('GatewatchNothingArrives')).toEqual([])
  })

  it('a number that lacks between others is a gap, at the gateway whose it is, and a second boot is none', async () => {
    const seqs = [0, 1, 2, 4, 5]
    await decide([
      ...seqs.map((seq) => ({ decided_at: ago(HOUR - seq * 1000), pep: pep(HOSTILE, seq) })),
      ...[0, 1, 2].map((seq) => ({
        decided_at: ago(HOUR - seq * 1000),
        pep: pep('gw-whole', seq, 'boot-2'),
      })),
      ...[7, 8].map((seq) => ({ decided_at: ago(HOUR - seq * 1000), pep: pep('gw-whole', seq, 'boot-3') })),
      // Its canaries are numbered too: what is missing among the tenant's own is not missing.
      { decided_at: ago(HOUR), tenant: CANARY_TENANT, pep: pep('gw-canary', 1) },
      { decided_at: ago(HOUR), pep: pep('gw-canary', 0) },
      { decided_at: ago(HOUR), pep: pep('gw-canary', 2) },
      // Late, not missing: younger than what the rule looks at.
      { decided_at: ago(2 * MINUTE), pep: pep('gw-late', 0) },
      { decided_at: ago(2 * MINUTE), pep: pep('gw-late', 9) },
    ])
    expect(await fired('GatewatchGapInStore')).toEqual([{ gateway: HOSTILE }])
    await decide([{ decided_at: ago(HOUR), pep: pep(HOSTILE, 3) }])
    expect(await fired('GatewatchGapInStore')).toEqual([])
  })

  it('rows without a number, and a boot without a kept hash, are vouched for by nobody', async () => {
    await decide([
      { decided_at: ago(HOUR), pep: { id: 'gw-bare' } },
      ...many(700, (seq) => ({ decided_at: ago(HOUR), pep: pep('gw-unpinned', seq) })),
      ...many(700, (seq) => ({ decided_at: ago(HOUR), pep: pep('gw-pinned', seq), chain: chain(seq) })),
      // Imported history was never numbered.
      { decided_at: ago(HOUR), origin: 'import', pep: { id: 'gw-import' } },
    ])
    expect(await fired('GatewatchDecisionsUnvouched')).toEqual([
      { gateway: 'gw-unpinned' },
      { gateway: 'gw-bare' },
    ])
  })

  it('a tenant is silent in an hour that was busy in both weeks before', async () => {
    const busy = (tenant: string, daysAgo: number) =>
      many(20, (i) => ({ tenant, decided_at: ago(daysAgo * DAY + (5 + 2 * i) * MINUTE) }))
    await decide([
      ...busy(HOSTILE, 7),
      ...busy(HOSTILE, 14),
      ...busy('still-there', 7),
      ...busy('still-there', 14),
      ...busy('still-there', 0),
      ...busy('new', 7),
      ...many(2, (i) => ({ tenant: 'sparse', decided_at: ago(7 * DAY + (5 + i) * MINUTE) })),
      ...many(2, (i) => ({ tenant: 'sparse', decided_at: ago(14 * DAY + (5 + i) * MINUTE) })),
    ])
    expect(await fired('GatewatchTenantSilent')).toEqual([{ tenant: HOSTILE }])
  })

  it('many who are refused at once are told, and as many as every day are not', async () => {
    const refuse = (tenant: string, people: number, agoMs: number) =>
      many(people, (i) => ({
        tenant,
        decided_at: ago(agoMs),
        outcome: 'deny' as const,
        subject: { type: 'user' as const, id: `person-${i}` },
      }))
    await decide([
      ...refuse(HOSTILE, 30, 5 * MINUTE),
      ...refuse('every-day', 30, 5 * MINUTE),
      ...many(8, (hour) => refuse('every-day', 80, (hour + 1) * HOUR)).flat(),
      ...refuse('a-few', 19, 5 * MINUTE),
    ])
    expect(await fired('GatewatchManyRefused')).toEqual([{ tenant: HOSTILE }])
  })

  it('a request that went through unjudged is told with its gateway', async () => {
    await decide([
      { decided_at: ago(MINUTE), outcome: 'error_open', tenant: HOSTILE, pep: pep('gw-open', 0) },
      { decided_at: ago(MINUTE), outcome: 'error_closed', tenant: HOSTILE, pep: pep('gw-closed', 0) },
      { decided_at: ago(HOUR), outcome: 'error_open', tenant: HOSTILE, pep: pep('gw-long-ago', 0) },
    ])
    expect(await fired('GatewatchLetThroughBlindly')).toEqual([{ tenant: HOSTILE, gateway: 'gw-open' }])
  })

  it('findings of a day beyond twice the budget are told, revisions and replays not counted', async () => {
    const findings = (tenant: string, count: number, more = {}) =>
      many(count, (i) =>
        findingRow(
          sampleFinding({ id: `${tenant}-${i}`, tenant, observed_at: ago(i * MINUTE), ...more }),
          NOW,
        ),
      )
    await put('findings', [
      ...findings(HOSTILE, FINDINGS_A_DAY + 1),
      ...findings('within', FINDINGS_A_DAY),
      ...findings('within', FINDINGS_A_DAY, { revision: 2 }),
      ...findings('replayed', FINDINGS_A_DAY + 1, { origin: 'import' }),
    ])
    expect(await fired('GatewatchFindingsOverBudget')).toEqual([{ tenant: HOSTILE }])
  })

  it('a grave story that stays open for a day is told, a closed or lesser one is not', async () => {
    const story = (id: string, more: Partial<Parameters<typeof sampleStory>[0]>) =>
      storyRow(sampleStory({ id, tenant: id, risk_level: 'HIGH', observed_at: ago(30 * HOUR), ...more }), NOW)
    await put('stories', [
      story(HOSTILE, {}),
      story('closed', {}),
      story('closed', { revision: 2, state: 'closed', closed_at: ago(HOUR), verdict: 'confirm_safe' }),
      story('lesser', { risk_level: 'MEDIUM' }),
      story('young', { observed_at: ago(3 * HOUR) }),
    ])
    expect(await fired('GatewatchStoryWaits')).toEqual([{ tenant: HOSTILE }])
  })

  it('every alert was seen to fire', () => {
    expect([...seen].sort()).toEqual(alerts.map(({ title }) => title).sort())
  })
})

/** Which alerts fired in some test. */
const seen = new Set<string>(['GatewatchNothingArrives'])

async function ask(alert: StoreAlert): Promise<Record<string, unknown>[]> {
  // As the account that only reads, with its limits.
  const client: ClickHouseClient = engine.reader
  return rowsOf<Record<string, unknown>>(client, expandedAlert(alert, NOW))
}

async function fired(title: string): Promise<Record<string, string>[]> {
  const alert = alerts.find((one) => one.title === title)
  if (alert === undefined) throw new Error(`there is no alert ${title}`)
  const found = firing(alert, await ask(alert))
  if (found.length > 0) seen.add(title)
  return found
}

async function decide(decisions: readonly (Partial<Decision> & { decided_at: string })[]): Promise<void> {
  const block = blocks++
  const rows = decisions.map((decision, i) => sampleScored({ id: `d-${block}-${i}`, ...decision }))
  await storeDecisions(engine.client, `block-${block}`, rows, NOW)
}

async function put(table: string, values: readonly Row[]): Promise<void> {
  await engine.client.insert({ table, values, format: 'JSONEachRow' })
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function pep(id: string, seq: number, boot_id = 'boot-1'): NonNullable<Decision['pep']> {
  return { id, boot_id, seq }
}

function chain(seq: number): NonNullable<Decision['chain']> {
  const hash = seq.toString(16).padStart(64, '0')
  return { prev: hash, salt: '0'.repeat(32), personal_hash: hash, hash }
}

function ago(ms: number): string {
  return new Date(NOW - ms).toISOString()
}
