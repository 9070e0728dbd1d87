import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { chainHash, GENESIS, personalHash } from '../../schemas/chain.ts'
import type { Decision, DecisionInput } from '../../schemas/decision.ts'
import { startCheckpointer } from '../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { EventLog } from '../runtime/log/event-log.ts'

export interface DemoChainOptions {
  readonly eventLog: EventLog
  readonly signer: CheckpointSigner
  readonly tenant: string
  readonly pep: { readonly id: string; readonly kind: string }
  readonly now: () => number
}

/** Numbers, chains and signs what the demo records beside the gateway: its provider's sign-ins and the days before. */
export interface DemoChain {
  link(decision: Omit<DecisionInput, 'id' | 'pep' | 'chain'> & { readonly id?: string }): Decision
  /** These are in the log by now. */
  logged(decisions: readonly Decision[]): void
  stop(whole: boolean): Promise<void>
}

/** Nothing is known of a boot before this one: the demo forgets everything at a restart. */
export async function openDemoChain({
  eventLog,
  signer,
  tenant,
  pep,
  now,
}: DemoChainOptions): Promise<DemoChain> {
  const boot_id = randomBytes(8).toString('hex')
  const checkpointer = await startCheckpointer({
    eventLog,
    logger: pino({ level: 'silent' }),
    signer,
    tenant,
    pep_id: pep.id,
    boot_id,
    previous_boot: null,
    now,
  })
  let seq = 0
  let prev = GENESIS
  return {
    link(draft) {
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
      const decision: Decision = { ...unlinked, chain: { prev, salt, personal_hash, hash } }
      seq += 1
      prev = hash
      return decision
    },
    logged(decisions) {
      checkpointer.logged(
        decisions.map(({ decided_at, pep: at, chain }) => ({
          seq: at?.seq ?? 0,
          hash: chain?.hash ?? '',
          decided_at,
        })),
      )
    },
    stop: (whole) => checkpointer.stop(whole),
  }
}
