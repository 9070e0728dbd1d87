import type { ClickHouseClient } from '@clickhouse/client'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { insertBlock } from '../../../services/storage/insert.ts'
import { DecisionBlock } from '../../../services/storage/decisions/decision-block.ts'
import { openScanPlan } from '../../../services/storage/decisions/scan-plan.ts'
import { columnTypes } from '../../../services/storage/column-types.ts'

const plan = openScanPlan()

/** Stores decisions as the storage worker does, in one block under one token. */
export async function storeDecisions(
  client: ClickHouseClient,
  token: string,
  scored: readonly ScoredDecision[],
  ingestedMs: number | ((scored: ScoredDecision) => number),
): Promise<void> {
  const block = new DecisionBlock(plan, await columnTypes(client, 'decisions'))
  for (const each of scored) {
    const appended_ms = typeof ingestedMs === 'number' ? ingestedMs : ingestedMs(each)
    const outcome = block.add({ value: Buffer.from(JSON.stringify(each)), appended_ms })
    if (outcome.kind !== 'ok') throw new Error(`no row can be made of it: ${outcome.reason}`)
  }
  await insertBlock(client, { table: 'decisions', token, rows: block.rows, body: block.body() })
}
