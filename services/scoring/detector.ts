import type { Activity } from '../../schemas/activity.ts'
import type { Decision } from '../../schemas/decision.ts'
import type { EntityType } from '../../schemas/entity.ts'
import type { Evidence } from '../../schemas/finding.ts'
import type { Cause } from '../../schemas/reasons.ts'
import type { Enrichment } from '../../schemas/scored-decision.ts'
import type { Layout } from './state/form/layout.ts'
import type { Population } from './state/population/population.ts'

/**
 * An online anomaly detector: a pure fold over the decisions of one entity.
 *
 * Same decisions in the same order, same scores. So it reads no clock, no
 * random number, no network and no environment; time is the decision's own.
 * Scoring and learning are two calls: the worker scores with every detector
 * first, and then knows whether the decision is calm enough to be learnt as
 * habit. A decision is never judged against a baseline that already holds it.
 */
export interface Detector<Input, State> {
  /** Kebab-case, equal to the file name; also the metric label and the stored value. Never reused. */
  readonly id: string
  /** Raised when the same input would give another score: scores of two versions don't compare. */
  readonly version: number
  readonly entity: EntityType | readonly EntityType[]
  /** ATT&CK technique. */
  readonly technique: string
  /** Raw scores from which a finding is MEDIUM and HIGH; calibration replaces them later. */
  readonly thresholds: Thresholds
  /** The most that a finding weighs as evidence, in nats, for what must never be enough to act by itself; default 6. */
  readonly most_nats?: number
  /** Score from which a decision is a finding by itself, whatever the budget leaves: what hardly has a harmless reading. */
  readonly definite?: number
  /** Days of a tenant until baselines are such that scores come as they will, weekends included: from then on its p-values are judged; default 7. */
  readonly settles_days?: number
  /** What it watches goes on so slowly that a finding stays open for so long without another decision; default half an hour. All of one bench share the first. */
  readonly quiet_ms?: number
  /** Fixed, so that a million of them fit in memory and a copy is a copy of bytes. */
  readonly layout: Layout<State>
  /** How strange the decision is (higher is stranger, any scale; 0 is nothing). Changes nothing. Hot path: no allocation. */
  score(state: State, input: Input, population: Population): number
  /** Takes the decision into the baseline. Hot path: no allocation. */
  learn(state: State, input: Input, population: Population, standing: Standing): void
  /** The figures behind a score; asked before `learn`, and only for what becomes a finding or was suppressed. */
  explain(state: State, input: Input, population: Population): Explanation
  /** What is strange about the decision, hashed: what comes back again and again is learnt at last; without it never. */
  about?(input: Input): number
  /** Score from which a decision waits to be learnt; default that for MEDIUM. */
  readonly wary?: number
  /** Score from which it waits for three days; default that for MEDIUM. */
  readonly long_wary?: number
  /** Whether the subject comes from where it usually does, or with what; undefined while too little is known. */
  familiar?(state: State, input: Input): boolean | undefined
  /** The score before gates made it smaller, when they did; else the score. */
  ungated?(state: State, input: Input, population: Population): number
}

export interface Thresholds {
  readonly medium: number
  readonly high: number
}

/** What the worker knows of a decision when it is learnt. */
export interface Standing {
  /** No detector found it strange, and nobody holds the subject to be at risk: it may shape habits. */
  readonly calm: boolean
}

export interface Explanation {
  readonly cause: Cause
  readonly evidence: Evidence
  /** Gates that made the score smaller, by name, with their factor. */
  readonly gates: readonly { readonly name: string; readonly factor: number }[]
  /** One sentence that a person understands without the figures. */
  readonly summary: string
  /** Earlier decisions that the score rests on, oldest first. */
  readonly decision_ids?: readonly string[]
  /** Refused decisions shortly before belong to the finding. */
  readonly with_refused?: boolean
}

/**
 * A decision as detectors read it: what they compare is hashed once. A hash of
 * 0 means that the decision does not say.
 */
export interface EnrichedDecision {
  readonly decision: Decision
  readonly enrichment: Enrichment
  readonly at_ms: number
  /** The request went through. */
  readonly permitted: boolean
  /** The policy refused, and not because of our own feedback: an outcome that is evidence. */
  readonly refused: boolean
  /** The refusal was for what was presented as proof of identity. */
  readonly credential_failure: boolean
  /** The account is not known to exist. */
  readonly account_unknown: boolean
  /** The subject is who it says, as far as the enforcement point could tell: the place is theirs. */
  readonly vouched: boolean
  /** The decision is about signing in. */
  readonly sign_in: boolean
  readonly subject: number
  readonly session: number
  readonly device: number
  readonly prefix: number
  readonly asn: number
  readonly country: number
  /** Browser family, major version and system. */
  readonly agent: number
  readonly family: number
  readonly os: number
  /** Fingerprint of the client's TLS handshake. */
  readonly tls: number
  /** Application and route, or resource: of low cardinality where the enforcement point names templates. */
  readonly resource: number
  /** Application, or type of resource where none is named. */
  readonly app: number
  /** The very thing that was asked for: of high cardinality. */
  readonly object: number
  /** Hashes of the subject's groups, at most 16. */
  readonly groups: readonly number[]
}

/** A decision as the detectors of the second stage see it. */
export interface SourceActivity {
  readonly activity: Activity
  readonly at_ms: number
  readonly permitted: boolean
  readonly credential_failure: boolean
  readonly account_unknown: boolean
  readonly subject: number
  readonly app: number
}
