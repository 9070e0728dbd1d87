/** What can be wrong with stored decisions. */
export type ProblemKind = 'missing' | 'altered' | 'inserted' | 'reordered' | 'checkpoint'

/** One thing that is wrong: which enforcement point, boot, numbers and decision, and between which times. */
export interface Problem {
  readonly kind: ProblemKind
  readonly pep_id: string
  readonly boot_id: string
  readonly seq_from: number | null
  readonly seq_to: number | null
  /** The decision, when it is one that is there. */
  readonly decision_id: string | null
  /** It happened between these decisions' times, as far as they are known. */
  readonly after: string | null
  readonly before: string | null
  readonly detail: string
}

/** Numbers that lack, or decisions that were never recorded, and a chained record that says so. */
export interface DeclaredLoss {
  readonly pep_id: string
  readonly boot_id: string
  readonly seq_from: number | null
  readonly seq_to: number | null
  readonly at: string | null
  readonly detail: string
}

export const UNDECIDED_REASONS = [
  'not_covered',
  'on_the_way',
  'expired',
  'too_new',
  'beside_gap',
  'no_room',
  'no_checkpoint',
] as const
export type UndecidedReason = (typeof UNDECIDED_REASONS)[number]

/** What could not be decided, and why. */
export interface Undecided {
  readonly reason: UndecidedReason
  readonly pep_id: string
  readonly boot_id: string
  readonly seq_from: number
  readonly seq_to: number
  readonly decisions: number
  readonly after: string | null
  readonly before: string | null
}

/** What came of looking at a range of event time. */
export interface Report {
  readonly from: string
  readonly to: string
  /** `undecided` also where nothing is signed at all: of nothing, nothing is proven. */
  readonly verdict: 'proven' | 'refuted' | 'undecided'
  /** Decisions read, each counted once. */
  readonly decisions: number
  readonly proven: number
  readonly erased: number
  readonly checkpoints: number
  readonly problems: readonly Problem[]
  readonly declared: readonly DeclaredLoss[]
  readonly undecided: readonly Undecided[]
  /** What did not find room in the lists above, which hold `MOST_LISTED` each. */
  readonly left_out: number
  readonly elapsed_ms: number
}

/** What each list of a report holds at most. */
export const MOST_LISTED = 1000

/** Collects a report; neighbours of one kind become one entry, and nothing grows without bound. */
export class ReportWriter {
  readonly problems: Problem[] = []
  readonly declared: DeclaredLoss[] = []
  readonly undecided: Undecided[] = []
  decisions = 0
  proven = 0
  erased = 0
  checkpoints = 0
  left_out = 0

  problem(problem: Problem): void {
    const last = this.problems.at(-1)
    if (last && continues(last, problem)) {
      this.problems[this.problems.length - 1] = {
        ...last,
        seq_to: problem.seq_to,
        decision_id: null,
        before: problem.before,
      }
    } else this.#put(this.problems, problem)
  }

  loss(loss: DeclaredLoss): void {
    this.#put(this.declared, loss)
  }

  unsure(undecided: Undecided): void {
    const last = this.undecided.at(-1)
    if (last && continues(last, undecided)) {
      this.undecided[this.undecided.length - 1] = {
        ...last,
        seq_to: undecided.seq_to,
        decisions: last.decisions + undecided.decisions,
        before: undecided.before,
      }
    } else this.#put(this.undecided, undecided)
  }

  /** Takes over what another one collected. */
  add(other: ReportWriter): void {
    for (const problem of other.problems) this.#put(this.problems, problem)
    for (const loss of other.declared) this.#put(this.declared, loss)
    for (const undecided of other.undecided) this.unsure(undecided)
    this.decisions += other.decisions
    this.proven += other.proven
    this.erased += other.erased
    this.checkpoints += other.checkpoints
    this.left_out += other.left_out
  }

  /** `signed`: whether anything is, at whatever time, of whom this is about. */
  finish({
    signed,
    ...range
  }: {
    readonly from: string
    readonly to: string
    readonly elapsed_ms: number
    readonly signed: boolean
  }): Report {
    const { problems, declared, undecided, decisions, proven, erased, checkpoints, left_out } = this
    const verdict = problems.length > 0 ? 'refuted' : undecided.length > 0 || !signed ? 'undecided' : 'proven'
    return {
      ...range,
      verdict,
      decisions,
      proven,
      erased,
      checkpoints,
      problems,
      declared,
      undecided,
      left_out,
    }
  }

  #put<T>(list: T[], value: T): void {
    if (list.length < MOST_LISTED) list.push(value)
    else this.left_out += 1
  }
}

interface Stretch {
  readonly pep_id: string
  readonly boot_id: string
  readonly seq_from: number | null
  readonly seq_to: number | null
  readonly kind?: string
  readonly reason?: string
  readonly detail?: string
}

function continues(a: Stretch, b: Stretch): boolean {
  return (
    a.pep_id === b.pep_id &&
    a.boot_id === b.boot_id &&
    a.kind === b.kind &&
    a.reason === b.reason &&
    a.detail === b.detail &&
    a.seq_to !== null &&
    b.seq_from !== null &&
    (b.seq_from === a.seq_to + 1 || b.seq_from === a.seq_to)
  )
}
