import { erased } from '../../../schemas/chain.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { accessFindings, accessScored, analystVerdicts } from '../../../schemas/topics.ts'
import type { DecisionDraft } from '../../../services/gateway/record/decision-draft.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { locateEngine } from '../../../services/runtime/clickhouse/endpoint-file.ts'
import { jsonRecord } from '../../../services/runtime/log/json-record.ts'
import { chainedBoot, insertDecisions } from '../store/chained-store.ts'
import { startConsoleStack, type ConsoleStack } from './console-stack.ts'
import { eventually } from '../eventually.ts'
import { sampleFinding, sampleScored, sampleVerdict } from '../events/samples.ts'

/** Half an hour ago, to the second. */
const CASE_START = Math.floor(Date.now() / 1000) * 1000 - 1_800_000

export const HOSTILE = `<script>alert(1)</script> "o'hara" \u202e🙂\n`

export interface CaseStack extends ConsoleStack {
  /** Of alice, mallory and one with a hostile name in turns, chained by gw-1. */
  readonly decisions: readonly Decision[]
}

function draft(n: number): DecisionDraft {
  const who = ['alice', 'mallory', HOSTILE][n % 3] ?? ''
  const {
    id: _id,
    pep: _pep,
    schema_version: _version,
    ...rest
  } = sampleScored({
    id: 'x',
    decided_at: new Date(CASE_START + n * 1000).toISOString(),
    outcome: n % 4 === 0 ? 'deny' : 'permit',
    subject: { type: 'user', id: who, session_id: `s-${n % 3}` },
    device: { id: `laptop-${n % 3}` },
    policy: { revision: 'a'.repeat(64), rule_id: 'staff', inputs: { who } },
  }).decision
  return rest
}

/** Decisions of the history, a second apart. */
const COUNT = 150

/** The console's stack with a chained, signed history, a finding about alice that feedback made a story of, and a verdict. */
export async function startCaseStack(): Promise<CaseStack> {
  const stack = await startConsoleStack()
  const { eventLog, dataDir } = stack.runtime
  const { decisions } = await chainedBoot({
    dataDir,
    eventLog,
    pep_id: 'gw-1',
    drafts: Array.from({ length: COUNT }, (_, n) => draft(n)),
    every: 50,
    end: 'stop',
    now: () => CASE_START + COUNT * 1000,
  })
  const at = (n: number) => decisions[n]?.decided_at ?? ''
  await eventLog.append([
    ...decisions.map((decision) =>
      jsonRecord(accessScored, { ...sampleScored({ id: 'x', decided_at: at(0) }), decision }),
    ),
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-1',
        observed_at: at(60),
        first_observed_at: at(12),
        decision_ids: [12, 36, 60].map((n) => decisions[n]?.id ?? ''),
        decisions_total: 3,
        gates: [{ name: 'carrier network', factor: 0.5 }],
      }),
    ),
    jsonRecord(
      analystVerdicts,
      sampleVerdict({ id: 'v-1', decided_at: at(100), story_id: null, note: `seen ${HOSTILE}` }),
    ),
  ])
  const endpoint = await locateEngine(dataDir)
  if (endpoint === null) throw new Error('the engine is not running')
  const client = openClickHouse(endpoint, { readonly: true })
  try {
    await eventually('everything to be stored', async () => {
      const rows = await client.query({
        query: `SELECT (SELECT count() FROM decisions) AS d, (SELECT count() FROM stories) AS s, (SELECT count() FROM verdicts) AS v, (SELECT count() FROM risk_states) AS r`,
        format: 'JSONEachRow',
      })
      const [one] = await rows.json<{ d: string; s: string; v: string; r: string }>()
      return Number(one?.d) === COUNT && Number(one?.s) > 0 && Number(one?.v) > 0 && Number(one?.r) > 0
    })
  } finally {
    await client.close()
  }
  return { ...stack, decisions }
}

/** Erases a person from the stored decisions: the erased rows stand under another key, and the old ones go. */
export async function eraseStored({ runtime, decisions }: CaseStack, who: string): Promise<void> {
  const endpoint = await locateEngine(runtime.dataDir)
  if (endpoint === null) throw new Error('the engine is not running')
  const client = openClickHouse(endpoint)
  try {
    const theirs = decisions.filter(({ subject }) => subject.id === who)
    await insertDecisions({ ...runtime, client }, `erased-${who}`, theirs.map(erased))
    await client.command({
      query: 'DELETE FROM decisions WHERE subject_id = {who:String}',
      query_params: { who },
      clickhouse_settings: { lightweight_deletes_sync: '2' },
    })
  } finally {
    await client.close()
  }
}
