import { join } from 'node:path'
import { pino } from 'pino'
import type { Decision } from '../../../schemas/decision.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { beginChain, type ChainHead } from '../../../services/gateway/record/chain.ts'
import type { DecisionDraft } from '../../../services/gateway/record/decision-draft.ts'
import { startCheckpointer } from '../../../services/runtime/checkpoints/checkpointer.ts'
import { openCheckpointFile } from '../../../services/runtime/checkpoints/checkpoint-file.ts'
import { CheckpointsConfig } from '../../../services/runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../../../services/runtime/checkpoints/signer.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { NOWHERE } from '../../../services/scoring/enrich/city.ts'
import type { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { eventually } from '../eventually.ts'
import { storeDecisions } from './store-decisions.ts'
import { openTrust } from '../../../services/verify/checkpoints/trust.ts'
import { openExpiry } from '../../../services/verify/expiry.ts'
import type { Report } from '../../../services/verify/report.ts'
import { runVerify } from '../../../services/verify/run-verify.ts'

const ENRICHMENT: ScoredDecision['enrichment'] = {
  source: { prefix: '', ...NOWHERE, asn: 0, as_org: '', network_kind: 'unknown' },
  user_agent: { family: '', major: '', os: '', device_type: '' },
  resource: { sensitivity: 'low' },
}

/** A decision as scoring passes one on of which it knows nothing. */
export function plainlyScored(decision: Decision): ScoredDecision {
  return { decision, enrichment: ENRICHMENT, scores: {} }
}

export interface BootOptions {
  readonly dataDir: string
  readonly eventLog: EventLog
  readonly pep_id: string
  readonly drafts: readonly DecisionDraft[]
  /** How many decisions a checkpoint covers at most. */
  readonly every: number
  readonly previous?: ChainHead | null
  /** `crash`: what the last full checkpoint does not cover stays uncovered. */
  readonly end: 'stop' | 'crash'
  readonly now: () => number
}

/** One boot of an enforcement point, with the gateway's own chain and checkpoints; gives its decisions and its end. */
export async function chainedBoot(options: BootOptions): Promise<{ decisions: Decision[]; head: ChainHead }> {
  const { dataDir, eventLog, pep_id, drafts, every, previous = null, end, now } = options
  const chain = beginChain({ id: pep_id, kind: 'gatewatch', version: '1' }, previous)
  const config = CheckpointsConfig.parse({ decisions: every, every: '1d' })
  const checkpointer = await startCheckpointer({
    eventLog,
    logger: pino({ level: 'silent' }),
    signer: await openCheckpointSigner(dataDir, config, now()),
    tenant: 'default',
    pep_id,
    boot_id: chain.boot_id,
    previous_boot: previous,
    now,
    // The end is signed, however slowly the disk flushes.
    stop_within_ms: 150_000,
  })
  const signed = async (): Promise<number> => {
    const last = await lastCheckpoint(dataDir, pep_id)
    return last?.boot_id === chain.boot_id ? last.number : -1
  }
  const decisions: Decision[] = []
  for (const [seq, draft] of drafts.entries()) {
    const decision = chain.link({ seq, decision: { id: `${chain.boot_id}-${seq}`, ...draft } })
    decisions.push(decision)
    checkpointer.logged([{ seq, hash: decision.chain?.hash ?? '', decided_at: decision.decided_at }])
    // The checkpointer signs beside its caller: wait, so that stretches are as long as asked for.
    if ((seq + 1) % every === 0)
      await eventually('a checkpoint', async () => (await signed()) === (seq + 1) / every)
  }
  const head = chain.head()
  if (head === null) throw new Error('a boot without a decision')
  if (end === 'stop') await checkpointer.stop(true)
  return { decisions, head }
}

async function lastCheckpoint(dataDir: string, pepId: string) {
  return (await openCheckpointFile(join(dataDir, 'checkpoints'), pepId)).last
}

export interface StoreUnderTest {
  readonly dataDir: string
  readonly eventLog: EventLog
  readonly client: ReturnType<typeof openClickHouse>
}

export async function insertDecisions(
  { client }: StoreUnderTest,
  token: string,
  decisions: readonly Decision[],
): Promise<void> {
  await storeDecisions(
    client,
    token,
    decisions.map(plainlyScored),
    ({ decision }) => Date.parse(decision.decided_at) + 1000,
  )
}

export interface VerifyTestOptions {
  readonly from?: string
  readonly to?: string
  readonly now: number
  readonly slice_rows?: number
  readonly patience_ms?: number
  readonly most_stretches?: number
  readonly kept_days?: number
  readonly pep?: string
}

/** What `gatewatch verify` finds. */
export async function verifyStore(store: StoreUnderTest, options: VerifyTestOptions): Promise<Report> {
  return runVerify({
    ...store,
    trust: await openTrust({
      dataDir: store.dataDir,
      configured: [],
      pin_first: false,
      now: () => options.now,
    }),
    checkpoint_paths: [join(store.dataDir, 'checkpoints')],
    from_ms: options.from === undefined ? null : Date.parse(options.from),
    to_ms: options.to === undefined ? null : Date.parse(options.to),
    pep: options.pep,
    expiry: await openExpiry(store.dataDir, (options.kept_days ?? 90) * 86_400_000, options.now, {
      remember: false,
    }),
    slice_rows: options.slice_rows ?? 20_000,
    patience_ms: options.patience_ms ?? 0,
    now_ms: options.now,
    most_stretches: options.most_stretches,
  })
}
