import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { chainHash, GENESIS, personalHash } from '../../../schemas/chain.ts'
import type { Decision, DecisionInput } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import { startCheckpointer } from '../../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../../runtime/checkpoints/signer.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { endOfChain } from './end-of-chain.ts'

export interface DemoChainOptions {
  readonly eventLog: EventLog
  readonly signer: CheckpointSigner
  readonly tenant: string
  readonly pep: { readonly id: string; readonly kind: string }
  readonly now: () => number
}

export type DemoDraft = Omit<DecisionInput, 'id' | 'tenant' | 'origin' | 'pep' | 'chain'> & {
  readonly id?: string
  readonly origin?: Decision['origin']
}

/** Numbers, chains, signs and appends what the demo records beside the gateway: its provider's sign-ins and the days before. */
export interface DemoChain {
  /** Resolves when they are in the log, in the order of the calls; rejects when they are not, or once it is stopped. */
  record(drafts: readonly DemoDraft[]): Promise<void>
  /** Waits for what is under way, and signs the end: nothing comes after it. */
  stop(): Promise<void>
}

/** Begins a boot, which follows and closes the one before. */
export async function openDemoChain({
  eventLog,
  signer,
  tenant,
  pep,
  now,
}: DemoChainOptions): Promise<DemoChain> {
  const boot_id = randomBytes(8).toString('hex')
  const previous = await endOfChain(eventLog, pep.id, (await signer.openFile(pep.id)).last)
  const checkpointer = await startCheckpointer({
    eventLog,
    logger: pino({ level: 'silent' }),
    signer,
    tenant,
    pep_id: pep.id,
    boot_id,
    previous_boot: previous,
    now,
  })
  let seq = 0
  let prev = previous?.hash ?? GENESIS
  let before: Promise<void> = Promise.resolve()
  let stopped = false
  let whole = true

  function link(draft: DemoDraft): Decision {
    const unlinked = {
      ...draft,
      id: draft.id ?? `${boot_id}-${seq}`,
      tenant,
      origin: draft.origin ?? ('live' as const),
      pep: { ...pep, boot_id, seq },
    }
    const salt = randomBytes(16).toString('hex')
    const personal_hash = personalHash(unlinked, salt)
    const hash = chainHash(prev, unlinked, personal_hash)
    const follows = seq === 0 && previous !== null
    const prev_boot = follows ? { boot_id: previous.boot_id, seq: previous.seq } : undefined
    const decision: Decision = {
      ...unlinked,
      chain: { prev, salt, personal_hash, hash, ...(prev_boot && { prev_boot }) },
    }
    seq += 1
    prev = hash
    return decision
  }

  async function append(decisions: readonly Decision[]): Promise<void> {
    await eventLog.append(decisions.map((decision) => jsonRecord(accessDecisions, decision)))
    checkpointer.logged(
      decisions.map(({ decided_at, pep: at, chain }) => ({
        seq: at?.seq ?? 0,
        hash: chain?.hash ?? '',
        decided_at,
      })),
    )
  }

  return {
    async record(drafts) {
      if (stopped) throw new Error('the demo is being stopped')
      const decisions = drafts.map(link)
      const mine = before.then(() => append(decisions))
      before = mine.catch(() => {
        // Whether the log has them is not known, so this is not said to be the end.
        whole = false
      })
      await mine
    },
    async stop() {
      stopped = true
      await before
      await checkpointer.stop(whole)
    },
  }
}
