import type { Reason } from '../../../../schemas/reasons.ts'
import type { Outcome } from '../../../../schemas/decision.ts'

/** What one revision of a policy did to the people who are established at one place. */
export interface PolicyRun {
  readonly revision: string
  /** `shortRevision` of it: as the state of subjects names it. */
  readonly short: string
  /** The revision that let the first of them in before; short where its name is not known any more. */
  before: string
  /** Event time of the first that was heard of it. */
  since: string
  /** People whom it let in, or refused, the first time that they came. */
  kept: number
  blocked: number
  /** Of those whom it refused, how many got in again, and how many are a later revision's to answer for. */
  let_in: number
  moved: number
  /** Of those whom it refused, about how many the revision before was asked, and how many it would have let in. */
  asked: number
  would_permit: number
  /** People among these whom the policy refused in the month before. */
  refused_before: number
  /** Who is refused now, the last 50. */
  people: { id: string; at: string; reason: Reason | undefined; old: Outcome | undefined }[]
  first: { reason: Reason | undefined; rule_id: string | undefined; at: string; subject: string } | undefined
  /** Decisions that refused somebody first, the last 20. */
  decision_ids: string[]
  /** The finding about it, while it is told. */
  told: PolicyCase | undefined
}

export interface PolicyCase {
  readonly id: string
  readonly opened_at: string
  revision: number
  level: 'MEDIUM' | 'HIGH'
  /** Most people at once, so far. */
  most: number
  revised_ms: number
}

/** What is kept of one place of a policy: its last revisions, and who is refused there anyway. */
export interface PolicyRuns {
  /** The newest first. */
  runs: PolicyRun[]
  /** People whom a revision refused that had let them in, and when last. */
  refused: { id: string; at_ms: number }[]
}
