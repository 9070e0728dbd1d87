import type { ClickHouseClient } from '@clickhouse/client'
import { findingRow } from '../../../services/storage/rows/finding-row.ts'
import { riskStateRow } from '../../../services/storage/rows/risk-state-row.ts'
import { storyRow } from '../../../services/storage/rows/story-row.ts'
import { verdictRow } from '../../../services/storage/rows/verdict-row.ts'
import { sampleFinding, sampleRisk, sampleStory, sampleVerdict } from '../events/samples.ts'
import { put } from './fill-store.ts'

export const REVISED = 'revised'
const MINUTE_MS = 60_000

/**
 * What was found for a tenant in two hours up to `toMs`, in revisions that no
 * merge has replaced: a finding that rose from LOW to HIGH, one that stayed, a
 * story that became part of another, one that is closed.
 */
export async function storeRevised(client: ClickHouseClient, toMs: number): Promise<void> {
  const at = (minutes: number) => new Date(toMs - minutes * MINUTE_MS).toISOString()
  const rose = { id: 'f-rose', tenant: REVISED, first_observed_at: at(100) }
  const stayed = {
    id: 'f-stayed',
    tenant: REVISED,
    detector: { id: 'spray', version: 2 },
    entity: { type: 'source' as const, id: '192.0.2.0/24' },
    evidence_nats: 2,
  }
  const findings = [
    sampleFinding({ ...rose, observed_at: at(100), risk_level: 'LOW', evidence_nats: 1 }),
    sampleFinding({ ...stayed, observed_at: at(90) }),
    sampleFinding({
      ...rose,
      revision: 2,
      observed_at: at(80),
      risk_level: 'HIGH',
      evidence_nats: 5,
      gates: [{ name: 'known_travel', factor: 0.5 }],
    }),
  ]
  const stays = { id: 's-stays', tenant: REVISED, opened_at: at(100) }
  const goes = { id: 's-goes', tenant: REVISED, opened_at: at(90), title: 'goes', finding_ids: ['f-stayed'] }
  const closed = { id: 's-closed', tenant: REVISED, opened_at: at(70), finding_ids: [], title: 'closed' }
  const stories = [
    sampleStory({ ...stays, observed_at: at(100), finding_ids: ['f-rose'], title: 'stays' }),
    // More often told than the one that it becomes a part of.
    sampleStory({ ...goes, revision: 7, observed_at: at(90) }),
    sampleStory({ ...closed, observed_at: at(70) }),
    sampleStory({
      ...stays,
      revision: 2,
      observed_at: at(80),
      finding_ids: ['f-rose', 'f-stayed'],
      title: 'stays',
    }),
    sampleStory({ ...goes, revision: 8, observed_at: at(90), state: 'merged', merged_into: 's-stays' }),
    sampleStory({
      ...closed,
      revision: 2,
      observed_at: at(70),
      state: 'closed',
      closed_at: at(50),
      verdict: 'confirm_compromised',
    }),
  ]
  const judged = { tenant: REVISED, finding_ids: ['f-rose'] }
  const verdicts = [
    sampleVerdict({ ...judged, id: 'v-1', decided_at: at(60), verdict: 'confirm_safe' }),
    sampleVerdict({ ...judged, id: 'v-2', decided_at: at(50), verdict: 'confirm_compromised' }),
  ]
  const risk = { tenant: REVISED, level: 'HIGH' as const }
  const risks = [
    sampleRisk({ ...risk, updated_at: at(100), score: 91, expires_at: at(90) }),
    sampleRisk({ ...risk, updated_at: at(40), score: 80, revision: 2 }),
  ]
  // Each in a block of its own, as they come.
  for (const [i, finding] of findings.entries())
    await put(client, 'findings', `r-${i}`, [findingRow(finding, toMs)])
  for (const [i, story] of stories.entries()) await put(client, 'stories', `r-${i}`, [storyRow(story, toMs)])
  await put(
    client,
    'verdicts',
    'r',
    verdicts.map((verdict) => verdictRow(verdict, toMs)),
  )
  await put(
    client,
    'risk_states',
    'r',
    risks.map((state) => riskStateRow(state, toMs)),
  )
}
