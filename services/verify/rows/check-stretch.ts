import type { Loss } from '../../../schemas/loss.ts'
import type { ReportWriter } from '../report.ts'
import { ChainWalk, type Segment } from './chain-walk.ts'
import { joinedSegments, rowsIn } from './joined-segments.ts'
import { isCopy, type Link } from './link.ts'
import type { Stretch } from './stretch.ts'

/** Links of doubtful segments that are kept, so that it can be said what was done to them. */
const MOST_KEPT = 2000

/** Numbers that lack; what became of them is for whoever can look elsewhere. */
export interface Hole {
  readonly stretch: Stretch
  readonly seq_from: number
  readonly seq_to: number
  readonly after: string | null
  readonly before: string | null
}

/** A segment that does not give its hash, with its links as far as they were kept. */
export interface Doubt {
  readonly stretch: Stretch
  readonly segment: Segment
  readonly links: readonly Link[]
  /** How many of the numbers the store has. */
  readonly rows: number
  /** The log's own word is among them, so that it may be the log that is wrong. */
  readonly logged: boolean
}

type Declared = readonly { boot_id: string; first_seq: number; last_seq: number }[]

/**
 * Checks the links of one signed stretch, in the order of their numbers, in
 * bounded memory. It begins at the signed hash before it and must end at the
 * signed hash: so a chain that somebody worked out anew does not pass, however
 * well its links fit each other.
 */
export class StretchCheck {
  readonly stretch: Stretch
  readonly holes: Hole[] = []
  readonly doubts: Doubt[] = []
  readonly #report: ReportWriter
  readonly #walk: ChainWalk
  /** Losses that this chain itself told of so far, in whichever of its stretches. */
  readonly #declared: Declared
  /** The number that the store should have next, and the one that the walk should take next. */
  #next: number
  #walked: number
  /** Numbers that the store lacks and the log has. */
  readonly #logged = new Set<number>()
  #taken = 0
  #wrong = 0
  #last: Link | null = null
  /** Links since a row kept a hash, and those of segments that may be told of. */
  #recent: Link[] = []
  #kept: Link[] = []

  constructor(stretch: Stretch, report: ReportWriter, declared: Declared = []) {
    this.stretch = stretch
    this.#report = report
    this.#declared = declared.filter(({ boot_id }) => boot_id === stretch.boot_id)
    this.#next = stretch.seq_from
    this.#walked = stretch.seq_from
    this.#walk = new ChainWalk(stretch.prev_hash, stretch.seq_from)
  }

  /** All rows that bear one number of the stretch, or what the log has where there are none. */
  take(rows: readonly Link[]): void {
    const links = rows.filter((row, index) => !rows.slice(0, index).some((other) => isCopy(other, row)))
    const [link] = links
    if (!link) return
    if (link.seq > this.#walked) this.#walk.skip(this.#walked, link.seq - 1)
    this.#walked = link.seq + 1
    this.#remember(links)
    this.#walk.take(links)
    if (link.logged) {
      this.#logged.add(link.seq)
      return
    }
    if (link.seq > this.#next) this.#hole(link.seq - 1, link.decision.decided_at)
    for (const one of links) if (one.wrong !== null) this.#tell('altered', one, one.wrong)
    if (link.seq === 0) this.#checkBootLink(link)
    if (link.loss !== null || link.dead !== null) this.#tellLoss(link)
    this.#taken += 1
    if (link.erased) this.#report.erased += 1
    this.#last = link
    this.#next = link.seq + 1
  }

  finish(): void {
    const { stretch } = this
    if (this.#walked <= stretch.seq_to) this.#walk.skip(this.#walked, stretch.seq_to)
    if (this.#next <= stretch.seq_to) this.#hole(stretch.seq_to, null)
    const segments: Segment[] = []
    for (const suspicion of this.#walk.end(stretch.hash, stretch.seq_to)) {
      if (suspicion.kind === 'segment') segments.push(suspicion)
      else if (suspicion.kind === 'extra')
        this.#tell(
          'inserted',
          suspicion.link,
          'its number belongs to another decision, which the chain holds',
        )
      else if (!suspicion.link.logged)
        this.#tell('altered', suspicion.link, 'chain_prev is not the hash of the decision before it')
    }
    for (const segment of joinedSegments(segments, this.#logged)) this.#doubt(segment)
    for (const { seq_from, seq_to } of this.#walk.unproven) {
      const decisions = rowsIn(seq_from, seq_to, this.#logged)
      if (decisions === 0) continue
      const times = { after: stretch.decided_from, before: stretch.decided_to }
      this.#report.unsure({ reason: 'beside_gap', ...this.#name(seq_from), seq_to, decisions, ...times })
      this.#wrong += decisions
    }
    this.#report.proven += Math.max(0, this.#taken - this.#wrong)
  }

  #doubt(segment: Segment): void {
    const { seq_from, seq_to } = segment
    const rows = rowsIn(seq_from, seq_to, this.#logged)
    // Where the log's copies alone don't give their hash, nothing is wrong with the store beyond that it lacks them.
    if (rows === 0) return
    const links = [...this.#kept, ...this.#recent].filter(({ seq }) => seq >= seq_from && seq <= seq_to)
    const logged = rows < seq_to - seq_from + 1
    this.doubts.push({ stretch: this.stretch, segment, links, rows, logged })
    this.#wrong += rows
  }

  #remember(links: readonly Link[]): void {
    if (links.some(({ prev }) => prev !== null)) {
      this.#kept.push(...this.#recent)
      if (this.#kept.length > MOST_KEPT) this.#kept = this.#kept.slice(-MOST_KEPT)
      this.#recent = []
    }
    if (this.#recent.length < MOST_KEPT) this.#recent.push(...links)
  }

  #tellLoss(link: Link): void {
    const { decision, dead, loss } = link
    const place = { ...this.#name(link.seq), at: decision.decided_at }
    if (dead !== null)
      this.#report.loss({ ...place, detail: `dead letter (${dead}): decision ${decision.id} is whole there` })
    if (loss === null) return
    this.#report.loss({ ...place, detail: lossDetail(loss) })
  }

  #hole(seq_to: number, before: string | null): void {
    const seq_from = this.#next
    this.#next = seq_to + 1
    const { decided_from, decided_to } = this.stretch
    const after = this.#last?.decision.decided_at ?? decided_from
    if (this.#declared.some((loss) => loss.first_seq <= seq_from && loss.last_seq >= seq_to)) {
      const detail = 'a record of the same chain says that these were lost'
      this.#report.loss({ ...this.#name(seq_from), seq_to, at: before, detail })
    } else this.holes.push({ stretch: this.stretch, seq_from, seq_to, after, before: before ?? decided_to })
  }

  #checkBootLink(link: Link): void {
    const signed = this.stretch.previous_boot
    if (signed === undefined) return
    const stored = link.decision.chain?.prev_boot
    if (stored?.boot_id === signed?.boot_id && stored?.seq === signed?.seq) return
    this.#tell('altered', link, 'it names another boot before it than the signed checkpoint')
  }

  #tell(kind: 'altered' | 'inserted', { seq, decision }: Link, detail: string): void {
    if (kind === 'altered') this.#wrong += 1
    const times = { after: decision.decided_at, before: decision.decided_at }
    this.#report.problem({ kind, ...this.#name(seq), ...times, decision_id: decision.id, detail })
  }

  #name(seq: number) {
    const { pep_id, boot_id } = this.stretch
    return { pep_id, boot_id, seq_from: seq, seq_to: seq }
  }
}

function lossDetail({ state, cause, refused, served, from, to, missing }: Loss): string {
  // Nobody counted these: the figures of such a record are zero because nothing is known.
  if (cause === 'restored')
    return `the log was restored from a backup of ${from} at ${to}; what was decided in between is in it no more, and nobody can say how much that was`
  if (cause === 'spool_corrupt') {
    const lost = missing.reduce((sum, { first_seq, last_seq }) => sum + last_seq - first_seq + 1, 0)
    const many = lost === 0 ? 'nobody can say how many' : `${lost} by their numbers`
    return `decisions that waited in the spool could not be read any more, ${many}`
  }
  if (state === 'began') return `from ${from} on decisions could not be recorded (${cause})`
  return `from ${from} to ${to}, ${served} decisions were served and ${refused} requests refused without a record (${cause})`
}
