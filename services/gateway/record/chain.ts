import { randomBytes } from 'node:crypto'
import { chainHash, GENESIS, personalHash } from '../../../schemas/chain.ts'
import type { Decision, DecisionInput } from '../../../schemas/decision.ts'

/** The last link of a boot, as far as it is known to be on disk. */
export interface ChainHead {
  readonly boot_id: string
  readonly seq: number
  readonly hash: string
}

/** A link, as far as others must know it: the mark file, checkpoints, the spool. */
export interface ChainLink extends ChainHead {
  readonly decided_at: string
}

export interface PepIdentity {
  readonly id: string
  readonly kind: string
  readonly version: string
}

/** Numbers and links the decisions of one boot, in the order of the calls. */
export interface ChainWriter {
  readonly boot_id: string
  /** Head after the last link; null before the first. */
  head(): ChainHead | null
  /** Makes the decision the next link. */
  link(draft: NumberedDraft): Decision
}

/** A draft that has its number: `id` follows from boot and number, so that it is known before it is written. */
export interface NumberedDraft {
  readonly seq: number
  readonly decision: Omit<DecisionInput, 'pep' | 'chain' | 'schema_version'>
}

/** Begins a boot that follows `previous` (null: the very first). `boot_id` is 16 random hexadecimal digits. */
export function beginChain(
  pep: PepIdentity,
  previous: ChainHead | null,
  boot_id = randomBytes(8).toString('hex'),
): ChainWriter {
  let head: ChainHead | null = null
  return {
    boot_id,
    head: () => head,
    link({ seq, decision }) {
      const expected = (head?.seq ?? -1) + 1
      if (seq !== expected) throw new RangeError(`link ${seq} follows ${expected - 1}`)
      const prev = head?.hash ?? previous?.hash ?? GENESIS
      const unlinked = {
        schema_version: 1 as const,
        ...decision,
        tenant: decision.tenant ?? 'default',
        origin: decision.origin ?? ('live' as const),
        pep: { id: pep.id, kind: pep.kind, boot_id, seq, version: pep.version },
      }
      const salt = randomBytes(16).toString('hex')
      const personal_hash = personalHash(unlinked, salt)
      const hash = chainHash(prev, unlinked, personal_hash)
      const first = head === null && previous !== null
      head = { boot_id, seq, hash }
      return {
        ...unlinked,
        chain: {
          prev,
          salt,
          personal_hash,
          hash,
          ...(first ? { prev_boot: { boot_id: previous.boot_id, seq: previous.seq } } : {}),
        },
      }
    },
  }
}

/** Throws a TypeError for a decision that is no link. */
export function linkOf({
  decided_at,
  pep,
  chain,
}: Pick<Decision, 'decided_at' | 'pep' | 'chain'>): ChainLink {
  if (pep?.boot_id === undefined || pep.seq === undefined || chain === undefined)
    throw new TypeError('a decision that is not chained')
  return { boot_id: pep.boot_id, seq: pep.seq, hash: chain.hash, decided_at }
}
