import type { ClickHouseClient } from '@clickhouse/client'
import { CANARY_TENANT, canarySubject } from '../../../schemas/canary.ts'
import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { findingRow } from '../../../services/storage/rows/finding-row.ts'
import { riskStateRow } from '../../../services/storage/rows/risk-state-row.ts'
import { storyRow } from '../../../services/storage/rows/story-row.ts'
import { verdictRow } from '../../../services/storage/rows/verdict-row.ts'
import { storeDecisions } from '../store/store-decisions.ts'
import { sampleFinding, sampleRisk, sampleScored, sampleStory, sampleVerdict } from '../events/samples.ts'

/** One of everything, `agoMs` ago and under its own ids: a decision, what was found in it, and what came of that. */
export async function storeOneOfEach(
  client: ClickHouseClient,
  {
    id,
    nowMs,
    agoMs,
    decision = {},
  }: { id: string; nowMs: number; agoMs: number; decision?: Partial<Decision> },
): Promise<void> {
  const at = new Date(nowMs - agoMs).toISOString()
  const scored = sampleScored({ id: `d-${id}`, decided_at: at, ...decision })
  const who = {
    type: 'subject' as const,
    id: `${scored.decision.subject.type}:${scored.decision.subject.id}`,
  }
  await storeDecisions(client, `one-${id}`, [scored], nowMs)
  await put(client, 'findings', id, [
    findingRow(
      sampleFinding({
        id: `f-${id}`,
        observed_at: at,
        entity: who,
        decision_ids: [`d-${id}`],
        summary: who.id,
      }),
      nowMs,
    ),
  ])
  await put(client, 'stories', id, [
    storyRow(
      sampleStory({
        id: `s-${id}`,
        observed_at: at,
        entities: [who],
        finding_ids: [`f-${id}`],
        title: who.id,
      }),
      nowMs,
    ),
  ])
  await put(client, 'risk_states', id, [riskStateRow(sampleRisk({ updated_at: at, entity: who }), nowMs)])
  await put(client, 'verdicts', id, [
    verdictRow(
      sampleVerdict({ id: `v-${id}`, decided_at: at, entity: who, finding_ids: [`f-${id}`], note: who.id }),
      nowMs,
    ),
  ])
}

/** Enough that every panel has something to show: see the figures in the tests. */
export async function storeMany(client: ClickHouseClient, nowMs: number): Promise<void> {
  const at = (agoMs: number) => new Date(nowMs - agoMs).toISOString()
  const policyFacts = {
    revision: 'r-1',
    rule_id: 'staff',
    route_id: 'records',
    enforcement: 'enforce' as const,
  }
  const user = (id: string, session_id: string) => ({
    type: 'user' as const,
    id,
    session_id,
    groups: ['staff'],
  })
  const rows = Array.from({ length: 20 }, (_, i) =>
    sampleScored({
      id: `d-${i}`,
      decided_at: at(600_000 - i * 1000),
      outcome: i % 4 === 0 ? (i === 4 ? 'error_closed' : 'deny') : 'permit',
      reasons: i % 4 === 0 ? [i === 8 ? 'credentials_rejected' : 'policy_deny'] : ['policy_permit'],
      subject: user('alice', 's-1'),
      ...(i === 3 && { would_be: 'step_up' as const }),
      ...(i === 7 && { policy: { ...policyFacts, shadow: { revision: 'r-2', outcome: 'deny' as const } } }),
      // A session that changes hands, and a device that two people use and that falls out of posture.
      context: { ip: '192.0.2.10', user_agent: 'test', tls_fingerprint: i === 9 ? 't13d02' : 't13d01' },
      device: { id: 'laptop-1', managed: true, posture: i < 18 ? 'compliant' : 'not_compliant' },
      // Bob got in under r-1, and does not under r-2.
      ...(i === 17 && { subject: user('bob', 's-2') }),
      ...(i === 18 && {
        outcome: 'deny' as const,
        reasons: ['policy_deny' as const],
        policy: { ...policyFacts, revision: 'r-2' },
        subject: user('bob', 's-2'),
      }),
      // 5 and 6 were never stored: two are missing. 7 is the gateway's canary, of another tenant.
      pep: { id: 'gw-1', boot_id: 'boot-1', seq: i < 5 ? i : i + 3 },
      ...(i === 19 && { resource: { type: 'http', id: '/x', app: "it's 🙂" } }),
    }),
  )
  // Merges would remove the repeat that a panel is about.
  await client.command({ query: 'SYSTEM STOP MERGES decisions' })
  await storeDecisions(client, 'first', rows.map(withGate), nowMs)
  const canary = sampleScored({
    id: 'd-canary',
    tenant: CANARY_TENANT,
    decided_at: at(595_000),
    subject: canarySubject('gw-1'),
    pep: { id: 'gw-1', boot_id: 'boot-1', seq: 7 },
  })
  await storeDecisions(client, 'canary', [canary], nowMs)
  await storeDecisions(client, 'again', rows.slice(0, 1), nowMs)
  await put(client, 'findings', 'f', [
    findingRow(
      sampleFinding({ id: 'f-1', observed_at: at(500_000), gates: [{ name: 'company_wide', factor: 0.5 }] }),
      nowMs,
    ),
  ])
  await put(client, 'stories', 's', [
    storyRow(sampleStory({ id: 'story-1', observed_at: at(500_000) }), nowMs),
  ])
  await put(client, 'verdicts', 'v', [
    verdictRow(sampleVerdict({ id: 'v-1', decided_at: at(400_000) }), nowMs),
  ])
  await put(client, 'risk_states', 'r', [
    riskStateRow(sampleRisk({ updated_at: at(500_000) }), nowMs),
    riskStateRow(sampleRisk({ updated_at: at(450_000), revision: 2, score: 81, level: 'HIGH' }), nowMs),
    riskStateRow(
      sampleRisk({
        updated_at: at(450_000),
        entity: { type: 'subject', id: 'user:bob' },
        level: 'LOW',
        withheld: 'break_glass',
      }),
      nowMs,
    ),
  ])
  await put(client, 'dead_letters', 'l', [
    {
      topic: 'access.decisions.v1.dead-letter',
      partition: 0,
      offset: 7,
      source_topic: 'access.decisions.v1',
      source_partition: 0,
      source_offset: 41,
      reason: 'schema',
      detail: 'outcome: a value that nobody knows',
      key: 'default/user:alice',
      value_base64: '',
      value_bytes: 12,
      ingested_at: at(300_000),
    },
  ])
}

export async function put(
  client: ClickHouseClient,
  table: string,
  token: string,
  values: readonly Row[],
): Promise<void> {
  await client.insert({
    table,
    values,
    format: 'JSONEachRow',
    clickhouse_settings: {
      insert_deduplication_token: `${table}-${token}`,
      date_time_input_format: 'best_effort',
    },
  })
}

/** One decision was kept from being a finding by a gate. */
function withGate<T extends { readonly scores: Readonly<Record<string, number>> }>(
  scored: T,
  index: number,
): T {
  if (index !== 2) return scored
  const held = { 'impossible-travel.ungated': 12, 'impossible-travel.gate.carrier': 0.1 }
  return { ...scored, scores: { ...scored.scores, ...held } }
}
