import { chainHash, personalHash } from '../chain.ts'
import type { Decision, DecisionInput } from '../decision.ts'

/**
 * The hash before every so many-th link of a boot stands in its row. 32 bytes a
 * row would be a third of the table, and follow from the rows before; one in 64
 * costs half a byte a row, and says within 64 rows where a chain was broken.
 */
export const PINNED_EVERY = 64

type Chain = NonNullable<Decision['chain']>
type ChainField = 'prev' | 'personal_hash' | 'hash'

/**
 * Which of a link's hashes its row keeps; the others follow from the row and
 * the one before it (`restoredChain`).
 *
 * - A link that no number places, or whose personal hash nothing gives, keeps all.
 * - `prev`: on every 64th link, and on the first of a boot, which follows the last of another.
 * - `personal_hash`: once the salt is gone, since nothing gives it then.
 */
export function keptHashes(
  seq: number | null,
  has: { readonly salt: boolean; readonly personal_hash: boolean; readonly prev_boot: boolean },
): ReadonlySet<ChainField> {
  if (seq === null || !(has.salt || has.personal_hash)) return ALL
  const pinned = seq % PINNED_EVERY === 0 || has.prev_boot
  if (!has.salt) return pinned ? PINNED_ERASED : ERASED
  return pinned ? PINNED : NONE
}

const ALL: ReadonlySet<ChainField> = new Set(['prev', 'personal_hash', 'hash'])
const PINNED: ReadonlySet<ChainField> = new Set(['prev'])
const ERASED: ReadonlySet<ChainField> = new Set(['personal_hash'])
const PINNED_ERASED: ReadonlySet<ChainField> = new Set(['prev', 'personal_hash'])
const NONE: ReadonlySet<ChainField> = new Set()

/**
 * The whole link of a decision as its row gave it back, from what the row keeps
 * of it. `prev` is the hash of the link before, worked out from its row or taken
 * from a checkpoint; a row's own comes first, so whoever verifies compares the
 * two, and a broken chain shows at the next pinned row. Null when nothing gives
 * one of the hashes.
 */
export function restoredChain(
  unchained: DecisionInput,
  kept: Partial<Chain>,
  prev: string | undefined,
): Chain | null {
  const before = kept.prev ?? prev
  const personal_hash =
    kept.personal_hash ?? (kept.salt === undefined ? undefined : personalHash(unchained, kept.salt))
  if (before === undefined || personal_hash === undefined) return null
  const hash = kept.hash ?? chainHash(before, unchained, personal_hash)
  return { ...kept, prev: before, personal_hash, hash }
}
