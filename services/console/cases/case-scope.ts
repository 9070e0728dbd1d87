import type { CaseAbout } from '../../../schemas/case-file.ts'
import type { Entity } from '../../../schemas/entity.ts'

export interface CaseQuestion {
  readonly tenant: string
  readonly about: CaseAbout
  /** Event time, ms; null: what fits. */
  readonly from_ms: number | null
  readonly to_ms: number | null
}

/** What a case holds: whose decisions, which findings, from when to when. */
export interface CaseScope {
  readonly tenant: string
  readonly about: CaseAbout
  readonly title: string
  /** All decisions of these in the range. */
  readonly accused: readonly Entity[]
  /** The risk and verdicts of these. */
  readonly entities: readonly Entity[]
  /** Null: every finding of the range that is about the accused or touches them. */
  readonly finding_ids: readonly string[] | null
  readonly story_ids: readonly string[]
  readonly decision_ids: readonly string[]
  /** ms; `to` is not part of it. */
  readonly from: number
  readonly to: number
  /** The end of risk and verdicts: what followed from a finding came after it. */
  readonly until: number
}
