import { chainHash, isErased, personalHash } from '../../../schemas/chain.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { lossOf, type Loss } from '../../../schemas/loss.ts'

/** A stored decision as a link of its chain. */
export interface Link {
  readonly decision: Decision
  readonly pep_id: string
  readonly boot_id: string
  readonly seq: number
  /** What its row keeps of the hashes (`stored-chain.ts`); the others follow from the links before. */
  readonly prev: string | null
  readonly hash: string | null
  /** Commitment to the personal fields: from their salt, or as kept where the person was erased. */
  readonly personal_hash: string
  readonly erased: boolean
  /** What the row shows to be wrong by itself; null: nothing. */
  readonly wrong: string | null
  readonly loss: Loss | null
  /** Why it is no row of the store: the reason of its dead letter. */
  readonly dead: string | null
  /** It is no row of the store: the log has it. Believed as far as the hashes after it bear it out. */
  readonly logged: boolean
}

/** Null: no link of any chain, since what makes it one is missing. */
export function linkOf(decision: Decision, dead: string | null = null): Link | null {
  const { pep, chain } = decision
  if (!chain || pep?.boot_id === undefined || pep.seq === undefined) return null
  const erased = isErased(decision)
  const own = chain.salt === undefined ? null : personalHash(decision, chain.salt)
  // A row keeps few of the hashes, whatever the schema asks of an event.
  const kept: Partial<typeof chain> = chain
  return {
    decision,
    pep_id: pep.id,
    boot_id: pep.boot_id,
    seq: pep.seq,
    prev: kept.prev ?? null,
    hash: kept.hash ?? null,
    personal_hash: own ?? kept.personal_hash ?? '',
    erased,
    wrong: wrongBy(own, kept.personal_hash ?? null, erased),
    loss: lossOf(decision),
    dead,
    logged: false,
  }
}

function wrongBy(own: string | null, kept: string | null, erased: boolean): string | null {
  if (own !== null)
    return kept === null || kept === own ? null : 'its personal fields do not give their commitment'
  if (erased) return null
  return 'it has no salt, and yet more of a person than an erasure leaves'
}

/** The hash that it has after a link with hash `prev`. */
export function hashAfter(prev: string, { decision, personal_hash }: Link): string {
  return chainHash(prev, decision, personal_hash)
}

/** Two copies of one decision, as a store may hold them until it merges: whatever follows either, follows both. */
export function isCopy(a: Link, b: Link): boolean {
  return a.prev === b.prev && a.hash === b.hash && hashAfter('', a) === hashAfter('', b)
}
