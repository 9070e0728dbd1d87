import { PINNED_EVERY } from '../../../../schemas/clickhouse/stored-chain.ts'
import { impersonalText, linkHash, personalHash } from '../../../../schemas/chain.ts'
import type { Store } from '../../store/store.ts'
import { decisionReader, type StoredDecision } from '../collect/decisions.ts'
import type { Pin } from './pins.ts'

/** Numbers of one question; each may be there twice until the store merges, and an answer is bounded. */
const PAGE_NUMBERS = 4000
/** Decisions of one boot are numbered in nearly the order of their times. */
const SLACK_MS = 600_000
/** Without the checkpoint's own bounds: how long the links of one stretch may lie apart. */
const FAR_MS = 30 * 86_400_000

/** One link with its hashes, as they follow from the rows. */
export interface WalkedLink {
  readonly id: string
  readonly seq: number
  readonly prev: string
  readonly hash: string
  readonly rest: string
  readonly personal_hash: string
}

/** The way, or why there is none. */
export type Walk =
  | { readonly kind: 'ok'; readonly links: readonly WalkedLink[] }
  | { readonly kind: 'broken'; readonly why: string }

/** A way that is not walked to its end. */
export const TOO_LONG =
  'left out: the proofs of this case would be too long; ask for a shorter range, or for the decision alone'

/**
 * Walks a chain from the number `from` to the pin, over what is stored. The hash
 * before it is the checkpoint's, or follows from the nearest row that kept one.
 * Only what gives the signed hash at its end is given back.
 *
 * @param most_bytes of the links' text: as much is held in memory
 */
export async function walkLinks(
  store: Store,
  pin: Pin,
  {
    from,
    decided_at,
    most_bytes,
  }: { readonly from: number; readonly decided_at: string; readonly most_bytes: number },
): Promise<Walk> {
  const { checkpoint, signed } = pin
  const own = signed === 'hash'
  const pinned = from - (from % PINNED_EVERY)
  const start = own ? Math.max(checkpoint.seq_from, pinned) : pinned
  let before = own && start === checkpoint.seq_from ? checkpoint.prev_hash : null
  const times = timesOf(pin, decided_at)
  const links: WalkedLink[] = []
  let bytes = 0
  for (let page = start; page <= pin.seq; page += PAGE_NUMBERS) {
    const to = Math.min(pin.seq, page + PAGE_NUMBERS - 1)
    const rows = await readNumbers(store, pin, { from: page, to }, times)
    for (let seq = page; seq <= to; seq++) {
      const copies = rows.get(seq) ?? []
      const [first] = copies
      if (first === undefined) return broken(`the store lacks number ${seq} of its chain`)
      const taken = linkOf(first)
      if (taken === null) return broken(`number ${seq} of its chain is kept without its commitment`)
      if (copies.some((copy) => !isSame(linkOf(copy), taken)))
        return broken(`number ${seq} of its chain is stored twice, and not alike`)
      before ??= first.kept?.prev ?? null
      if (before === null) return broken(`no hash is kept before number ${seq} of its chain`)
      const hash = linkHash(before, taken.rest, taken.personal_hash)
      if (seq >= from) links.push({ ...taken, seq, prev: before, hash })
      bytes += taken.rest.length
      if (bytes > most_bytes) return broken(TOO_LONG)
      before = hash
    }
  }
  return before === pin.hash
    ? { kind: 'ok', links }
    : broken('the stored rows do not give the signed hash; gatewatch verify says where')
}

function broken(why: string): Walk {
  return { kind: 'broken', why }
}

/** Event times between which the rows lie, so that the store need not look everywhere. */
function timesOf({ checkpoint, signed }: Pin, decided_at: string): { since: number; until: number } {
  const { decided_from, decided_to, signed_at } = checkpoint
  if (signed === 'hash' && decided_from !== null && decided_to !== null)
    return { since: Date.parse(decided_from) - SLACK_MS, until: Date.parse(decided_to) + SLACK_MS }
  return { since: Date.parse(decided_at) - FAR_MS, until: Date.parse(signed_at) + SLACK_MS }
}

async function readNumbers(
  store: Store,
  { pep_id, boot_id }: Pin,
  { from, to }: { from: number; to: number },
  { since, until }: { since: number; until: number },
): Promise<Map<number, StoredDecision[]>> {
  const rows = await store(
    'the chain',
    `SELECT * FROM decisions
     WHERE pep_id = {pep:String} AND pep_boot_id = {boot:String} AND pep_seq BETWEEN {from:UInt64} AND {to:UInt64}
       AND decided_at >= fromUnixTimestamp64Milli({since:Int64}) AND decided_at <= fromUnixTimestamp64Milli({until:Int64})
     ORDER BY pep_seq LIMIT 2 BY pep_seq`,
    { pep: pep_id, boot: boot_id, from, to, since, until },
    decisionReader(),
  )
  const bySeq = new Map<number, StoredDecision[]>()
  for (const row of rows) {
    const seq = row.decision.pep?.seq ?? -1
    bySeq.set(seq, [...(bySeq.get(seq) ?? []), row])
  }
  return bySeq
}

type Taken = Pick<WalkedLink, 'id' | 'rest' | 'personal_hash'>

function linkOf({ decision, kept }: StoredDecision): Taken | null {
  const personal_hash = commitmentOf(decision, kept)
  return personal_hash === null ? null : { id: decision.id, rest: impersonalText(decision), personal_hash }
}

/** The commitment to the personal fields: from their salt, or as kept where the person was erased. */
export function commitmentOf(
  decision: StoredDecision['decision'],
  kept: StoredDecision['kept'],
): string | null {
  if (kept?.salt !== undefined) return personalHash(decision, kept.salt)
  return kept?.personal_hash ?? null
}

function isSame(a: Taken | null, b: Taken): boolean {
  return a?.rest === b.rest && a.personal_hash === b.personal_hash
}
