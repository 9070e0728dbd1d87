/**
 * Reads the decisions of a store back, as the version does whose code this is,
 * chain by chain. As a program: says to its parent what is wrong with the chains.
 */
import type { ClickHouseClient } from '@clickhouse/client'
import { openDecisionRows } from '../../../schemas/clickhouse/decision-row.ts'
import { parseDecision, type Decision } from '../../../schemas/decision.ts'
import { isRecord } from '../../../schemas/record.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { verifyChain } from '../events/chain.ts'
import { rowsOf } from './temp-engine.ts'

async function storedDecisions(client: ClickHouseClient): Promise<Decision[]> {
  const table = openDecisionRows()
  const query = 'SELECT * FROM decisions ORDER BY pep_id, pep_boot_id, pep_seq'
  const heads = new Map<unknown, string>()
  const decisions: Decision[] = []
  for (const row of await rowsOf<Record<string, unknown>>(client, query)) {
    const boot = row['pep_boot_id']
    const scored = table.toScored(row, heads.get(boot))
    const { data } = parseDecision(isRecord(scored) ? scored['decision'] : null)
    if (data === undefined) throw new Error(`row ${String(row['id'])} is no decision`)
    heads.set(boot, data.chain?.hash ?? '')
    decisions.push(data)
  }
  return decisions
}

/** What is wrong with the chains, each enforcement point's by itself. */
export function chainProblems(decisions: readonly Decision[]): string[] {
  const peps = new Set(decisions.map(({ pep }) => pep?.id))
  return [...peps].flatMap((id) => verifyChain(decisions.filter(({ pep }) => pep?.id === id)).problems)
}

if (import.meta.main) {
  const client = openClickHouse(JSON.parse(process.argv[2] ?? '{}'))
  const decisions = await storedDecisions(client)
  process.send?.({ decisions: decisions.length, problems: chainProblems(decisions) })
  await client.close()
}
