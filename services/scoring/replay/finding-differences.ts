import type { Finding } from '../../../schemas/finding.ts'

/** One finding as it was and as it would be, each at its last revision. */
export interface ChangedFinding {
  readonly before: Finding
  readonly after: Finding
}

/** What would become of findings; revisions of one count once. */
export interface FindingDifferences {
  /** Not found any more. */
  readonly gone: readonly Finding[]
  readonly fresh: readonly Finding[]
  /** Found both times, with another level, evidence or detector. */
  readonly changed: readonly ChangedFinding[]
  readonly alike: number
}

/** Findings about one entity that are so near to each other are about one happening. */
const NEAR_MS = 24 * 3_600_000
/** Detector ids of rules begin so. */
const RULE = 'rule-'

/**
 * What differs between findings of then and of now. A finding is named by the
 * decision that opened it, so one that opens a decision earlier has another id:
 * what is about the same entity, within a day, is held to be the same.
 */
export function findingDifferences(then: readonly Finding[], now: readonly Finding[]): FindingDifferences {
  const before = lastOf(then)
  const after = lastOf(now)
  const changed: ChangedFinding[] = []
  let alike = 0
  const pair = (one: Finding, other: Finding): void => {
    before.delete(one.id)
    after.delete(other.id)
    if (unlike(one, other)) changed.push({ before: one, after: other })
    else alike += 1
  }
  for (const [id, finding] of before) {
    const again = after.get(id)
    if (again !== undefined) pair(finding, again)
  }
  const byEntity = Map.groupBy(after.values(), entityOf)
  for (const finding of before.values()) {
    const near = byEntity
      .get(entityOf(finding))
      ?.filter((each) => after.has(each.id) && kin(finding, each) && distanceMs(finding, each) <= NEAR_MS)
      .sort((a, b) => rank(finding, a) - rank(finding, b))[0]
    if (near !== undefined) pair(finding, near)
  }
  const byTime = (a: Finding, b: Finding): number => a.first_observed_at.localeCompare(b.first_observed_at)
  return {
    gone: [...before.values()].sort(byTime),
    fresh: [...after.values()].sort(byTime),
    changed: changed.sort((a, b) => byTime(a.after, b.after)),
    alike,
  }
}

function lastOf(findings: readonly Finding[]): Map<string, Finding> {
  const last = new Map<string, Finding>()
  for (const finding of findings)
    if (finding.revision >= (last.get(finding.id)?.revision ?? 0)) last.set(finding.id, finding)
  return last
}

function unlike(one: Finding, other: Finding): boolean {
  return (
    one.risk_level !== other.risk_level ||
    one.detector.id !== other.detector.id ||
    Math.abs(one.evidence_nats - other.evidence_nats) >= 0.05
  )
}

/** Detectors speak together, and which of them leads may change; a rule speaks for itself. */
function kin({ detector: { id } }: Finding, { detector }: Finding): boolean {
  return id === detector.id || !(id.startsWith(RULE) || detector.id.startsWith(RULE))
}

function entityOf({ tenant, origin, entity }: Finding): string {
  return JSON.stringify([tenant, origin, entity.type, entity.id])
}

/** 0 where they overlap. */
function distanceMs(one: Finding, other: Finding): number {
  const gap = (a: Finding, b: Finding): number => Date.parse(b.first_observed_at) - Date.parse(a.observed_at)
  return Math.max(0, gap(one, other), gap(other, one))
}

/** The same detector first, then the nearest. */
function rank(one: Finding, other: Finding): number {
  return (one.detector.id === other.detector.id ? 0 : 2 * NEAR_MS) + distanceMs(one, other)
}
