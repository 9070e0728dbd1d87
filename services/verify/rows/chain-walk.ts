import { hashAfter, type Link } from './link.ts'

/** Explanations that are followed at the same time; the ones that suppose least are kept. */
const MOST_EXPLANATIONS = 8

/** Numbers of which one at least is not what was recorded: after `base` they should give `hash`. */
export interface Segment {
  readonly kind: 'segment'
  readonly seq_from: number
  readonly seq_to: number
  readonly base: string
  readonly hash: string
}

/** Something that must have been done for an explanation to hold. */
export type Suspicion =
  | Segment
  /** The hash that this row keeps of the link before it was altered. */
  | { readonly kind: 'kept_hash'; readonly link: Link }
  /** This row was put beside the one that the chain holds. */
  | { readonly kind: 'extra'; readonly link: Link }

interface Explanation {
  /** Hash of the newest link, if this holds. */
  readonly hash: string
  readonly suspicions: readonly Suspicion[]
  /** From this number on, nothing that is signed or kept has confirmed the links; `base` is the hash before it. */
  readonly since: number
  readonly base: string
}

/**
 * Walks a chain from a known hash. Rows keep the hash before them now and then:
 * where it is another than the links before give, either these were altered or
 * the kept hash was, and where two rows bear one number, either may be the true
 * one. Both explanations are followed until a hash that is signed, or kept
 * further on, decides.
 */
export class ChainWalk {
  /** Numbers beside a hole, which no hash confirms or refutes that can't have been worked out anew. */
  readonly unproven: { readonly seq_from: number; readonly seq_to: number }[] = []
  #explanations: Explanation[]
  /** What was suspected before a hole. */
  #before: readonly Suspicion[] = []
  /** From here on, no signed hash is within reach by the links before. */
  #unsigned_since: number

  /** `hash`: of the link before number `seq`. */
  constructor(hash: string, seq: number) {
    this.#unsigned_since = seq
    this.#explanations = [{ hash, suspicions: [], since: seq, base: hash }]
  }

  /** Takes all rows of the next number. */
  take(links: readonly Link[]): void {
    const next: Explanation[] = []
    for (const link of links) {
      const extra = links.filter((one) => one !== link).map((one) => ({ kind: 'extra' as const, link: one }))
      for (const before of this.#inLightOf(link)) next.push(extended(before, link, extra))
    }
    this.#explanations = fewest(next)
  }

  /**
   * The numbers from `from` to `to` lack: nothing follows until a row keeps a
   * hash. The rows before may keep hashes that fit them; but whoever alters a row
   * can work these out anew, and the signed hash that would tell is beyond the gap.
   */
  skip(from: number, to: number): void {
    const [best] = fewest(this.#explanations)
    if (best) this.#before = [...this.#before, ...best.suspicions]
    this.#findAgain(from)
    this.#explanations = []
    this.#unsigned_since = to + 1
  }

  /** What was done, given the hash that is signed for the end, which is number `seq`. */
  end(hash: string, seq: number): readonly Suspicion[] {
    if (this.#explanations.length === 0) this.#findAgain(seq + 1)
    const fitting = this.#explanations.filter((one) => one.hash === hash)
    const [best] = fewest(fitting.length > 0 ? fitting : this.#explanations)
    if (best === undefined) return this.#before
    const told = [...this.#before, ...best.suspicions]
    return fitting.length > 0 ? told : [...told, segmentOf(best, seq, hash)]
  }

  /** The explanations of what came before, in the light of the hash that this row keeps of it. */
  #inLightOf(link: Link): Explanation[] {
    const { prev, seq } = link
    if (prev === null) return this.#explanations
    const known = this.#explanations
    if (known.length === 0) {
      this.#findAgain(seq)
      return [{ hash: prev, suspicions: [], since: seq, base: prev }]
    }
    const fitting = known.filter((one) => one.hash === prev)
    if (fitting.length > 0) return fitting.map((one) => ({ ...one, since: seq, base: prev }))
    const resumed = fewest(known)
      .slice(0, 1)
      .map((best) => ({
        hash: prev,
        suspicions: [...best.suspicions, segmentOf(best, seq - 1, prev)],
        since: seq,
        base: prev,
      }))
    const doubted = { kind: 'kept_hash' as const, link }
    return [...known.map((one) => ({ ...one, suspicions: [...one.suspicions, doubted] })), ...resumed]
  }

  #findAgain(seq: number): void {
    if (this.#unsigned_since < seq) this.unproven.push({ seq_from: this.#unsigned_since, seq_to: seq - 1 })
    this.#unsigned_since = seq
  }
}

function extended(before: Explanation, link: Link, extra: readonly Suspicion[]): Explanation {
  const hash = hashAfter(before.hash, link)
  // Few rows keep their own hash; one that does and gives another was altered, or the hash was.
  const altered: Suspicion[] =
    link.hash === null || link.hash === hash
      ? []
      : [{ kind: 'segment', seq_from: link.seq, seq_to: link.seq, base: before.hash, hash: link.hash }]
  return { ...before, hash, suspicions: [...before.suspicions, ...extra, ...altered] }
}

function segmentOf({ since, base }: Explanation, seq_to: number, hash: string): Segment {
  return { kind: 'segment', seq_from: since, seq_to, base, hash }
}

function fewest(explanations: readonly Explanation[]): Explanation[] {
  if (explanations.length <= 1) return [...explanations]
  return [...explanations]
    .sort((a, b) => a.suspicions.length - b.suspicions.length)
    .slice(0, MOST_EXPLANATIONS)
}
