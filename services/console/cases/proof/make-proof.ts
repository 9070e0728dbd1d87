import type { CaseDecision, ProofLink, ProofStretch } from '../../../../schemas/case-file.ts'
import type { Checkpoint } from '../../../../schemas/checkpoint.ts'
import type { Store } from '../../store/store.ts'
import type { StoredDecision } from '../collect/decisions.ts'
import { findPins, type Pin, type Place } from './pins.ts'
import { fits, less, sizeOf, type Size } from '../room.ts'
import { commitmentOf, TOO_LONG, walkLinks, type WalkedLink } from './walk-links.ts'

/** How a case shows what it says of its decisions. */
export interface Proof {
  readonly decisions: readonly (Pick<CaseDecision, 'link' | 'unproven'> & { readonly id: string })[]
  readonly stretches: readonly ProofStretch[]
}

export interface ProofOptions {
  readonly store: Store
  readonly checkpoints: AsyncIterable<Checkpoint>
  readonly decisions: readonly StoredDecision[]
  /** Decisions that findings rest on; they come first where not all can be proven. */
  readonly contributing: ReadonlySet<string>
  /** Links of the file at most, about 700 bytes each. */
  readonly most_links: number
  readonly most_stretches: number
  /** What the rest of the case leaves. */
  readonly room: Size
  readonly progress: (done: number, all: number) => void
}

/** Links of a case from one decision on to the signed hash that they share. */
interface Group {
  readonly pin: Pin
  readonly members: readonly StoredDecision[]
  readonly from: number
  readonly contributes: boolean
}

/** Works out where each decision stands in its chain, and the way from there to a signed hash. */
export async function makeProof(options: ProofOptions): Promise<Proof> {
  const { store, decisions, progress } = options
  const pinOf = await findPins(
    options.checkpoints,
    decisions.flatMap((one) => placeOf(one) ?? []),
  )
  const unproven = new Map<string, string>()
  const walked = new Map<string, WalkedLink>()
  const stretches: ProofStretch[] = []
  const own = new Set(decisions.map(({ decision }) => decision.id))
  let most_links = options.most_links
  let { room } = options
  const groups = groupsOf(decisions, pinOf, options.contributing, unproven)
  for (const [n, { pin, members, from }] of groups.entries()) {
    progress(n, groups.length)
    const refuse = (why: string) => {
      for (const { decision } of members) unproven.set(decision.id, why)
    }
    const length = pin.seq - from + 1
    if (length > most_links || stretches.length >= options.most_stretches) {
      refuse(TOO_LONG)
      continue
    }
    const decided_at = members[0]?.decision.decided_at ?? ''
    const walk = await walkLinks(store, pin, { from, decided_at, most_bytes: room.json })
    if (walk.kind === 'broken') {
      refuse(walk.why)
      continue
    }
    const stretch = stretchOf(pin, walk.links, own)
    const size = sizeOf([stretch], DRAWN)
    if (!fits(size, room)) {
      refuse(TOO_LONG)
      continue
    }
    most_links -= length
    room = less(room, size)
    for (const link of walk.links) if (own.has(link.id)) walked.set(link.id, link)
    stretches.push(stretch)
  }
  progress(groups.length, groups.length)
  return {
    decisions: decisions.map((one) => ({
      id: one.decision.id,
      link: linkOf(one, walked.get(one.decision.id)),
      unproven: walked.has(one.decision.id) ? null : (unproven.get(one.decision.id) ?? NOT_CHAINED),
    })),
    stretches: stretches.toSorted(byPlace),
  }
}

/** As long as the line of a stretch on a page. */
const DRAWN = ' '.repeat(2000)
const NOT_CHAINED = 'it was never chained: whoever reported it keeps no chain'

function groupsOf(
  decisions: readonly StoredDecision[],
  pinOf: (place: Place) => Pin | null,
  contributing: ReadonlySet<string>,
  unproven: Map<string, string>,
): Group[] {
  const groups = new Map<
    string,
    { pin: Pin; members: StoredDecision[]; from: number; contributes: boolean }
  >()
  for (const one of decisions) {
    const place = placeOf(one)
    if (place === null) continue
    const pin = pinOf(place)
    if (pin === null) {
      unproven.set(one.decision.id, 'no signed checkpoint covers it yet, or it is no longer kept')
      continue
    }
    const key = `${pin.pep_id}\n${pin.boot_id}\n${pin.seq}`
    const group = groups.get(key) ?? { pin, members: [], from: place.seq, contributes: false }
    group.members.push(one)
    group.from = Math.min(group.from, place.seq)
    group.contributes ||= contributing.has(one.decision.id)
    groups.set(key, group)
  }
  return [...groups.values()].toSorted(
    (a, b) =>
      Number(b.contributes) - Number(a.contributes) || b.members.length - a.members.length || byPin(a, b),
  )
}

function byPin(a: Group, b: Group): number {
  return byPlace({ ...a.pin, seq_from: a.from }, { ...b.pin, seq_from: b.from })
}

function byPlace(
  a: Pick<ProofStretch, 'pep_id' | 'boot_id' | 'seq_from'>,
  b: Pick<ProofStretch, 'pep_id' | 'boot_id' | 'seq_from'>,
): number {
  return compare(a.pep_id, b.pep_id) || compare(a.boot_id, b.boot_id) || a.seq_from - b.seq_from
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function stretchOf(pin: Pin, links: readonly WalkedLink[], own: ReadonlySet<string>): ProofStretch {
  const { pep_id, boot_id, seq, checkpoint, signed } = pin
  return {
    pep_id,
    boot_id,
    seq_from: links[0]?.seq ?? seq,
    seq_to: seq,
    prev_hash: links[0]?.prev ?? '',
    links: links.map(({ id, rest, personal_hash }): ProofLink => {
      return own.has(id) ? { decision_id: id } : { rest, personal_hash }
    }),
    checkpoint,
    signed,
  }
}

function linkOf({ decision, kept }: StoredDecision, walked: WalkedLink | undefined): CaseDecision['link'] {
  const { pep } = decision
  if (kept === null || pep?.boot_id === undefined || pep.seq === undefined) return null
  return {
    pep_id: pep.id,
    boot_id: pep.boot_id,
    seq: pep.seq,
    ...(kept.salt !== undefined && { salt: kept.salt }),
    personal_hash: walked?.personal_hash ?? commitmentOf(decision, kept),
    prev: walked?.prev ?? null,
    hash: walked?.hash ?? null,
  }
}

function placeOf({ decision: { pep }, kept }: StoredDecision): Place | null {
  if (kept === null || pep?.boot_id === undefined || pep.seq === undefined) return null
  return { pep_id: pep.id, boot_id: pep.boot_id, seq: pep.seq }
}
