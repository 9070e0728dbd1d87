import { Sensitivity } from '../../../schemas/bounds.ts'
import { segmentOf } from '../../../schemas/calibration-segment.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Story } from '../../../schemas/story.ts'
import { accessFindings, accessStories } from '../../../schemas/topics.ts'
import type { DecisionSummary } from '../decision-row.ts'
import type { ExplainSources } from '../explain.ts'
import { guarded } from '../guarded.ts'
import { searchTail } from '../log-tail.ts'
import { contributingDecisions } from '../store/decisions.ts'
import { findingsById, type RiskFacts, risksOf, storiesOfFindings } from '../store/findings.ts'
import { calibrationThen, type CalibrationThen } from './calibration-then.ts'
import type { Calibrations } from './calibrations.ts'

/** A group that never commits: all that the log still has is looked through. */
const NOBODY = 'console-findings'

export interface FindingSources extends ExplainSources {
  readonly calibrations: Calibrations
}

/** A finding with everything it rests on. */
export interface FindingAccount {
  readonly finding: Finding
  /** Of the newest stories that it is part of, the open ones first. */
  readonly stories: readonly Story[]
  /** Of those it is about and touches: whether a restriction was withheld, and why. */
  readonly risk: readonly RiskFacts[]
  /** The decisions that contributed and are stored, newest first. */
  readonly decisions: readonly DecisionSummary[]
  readonly calibration: CalibrationThen | null
  /** What could not be looked up. */
  readonly missing: readonly string[]
}

/**
 * Tells of one finding, or gives null when nobody knows its id. The log has it
 * for 30 days, with what each detector contributed; after that the store alone.
 */
export async function explainFinding(
  { store, eventLog, calibrations }: FindingSources,
  tenant: string,
  id: string,
  nowMs: number,
): Promise<FindingAccount | null> {
  const missing: string[] = []
  const ask = guarded(store, missing)
  const isIt = (one: Finding): boolean => one.id === id && one.tenant === tenant
  const logged = newest(await searchTail(eventLog, accessFindings, NOBODY, `"${id}"`, isIt))
  const finding = logged ?? (await ask((from) => findingsById(from, tenant, [id]), []))[0]
  if (finding === undefined) return null
  const entities = [finding.entity, ...finding.entities].slice(0, 20)
  const contributing = await ask((from) => contributingDecisions(from, finding), [])
  const places = contributing.map(({ subject_type, resource_sensitivity, scores }) => ({
    segment: segmentOf(subject_type, Sensitivity.safeParse(resource_sensitivity).data ?? 'low'),
    scores,
  }))
  return {
    finding,
    stories: await storiesOf(finding),
    risk: await ask((from) => risksOf(from, tenant, entities, nowMs), []),
    decisions: contributing,
    calibration: await calibrationThen(calibrations, finding, places),
    missing,
  }

  /** Stories are compacted: the newest revision of each is in the log or in the store. */
  async function storiesOf({ id: of }: Finding): Promise<Story[]> {
    const isPart = (one: Story): boolean => one.tenant === tenant && one.finding_ids.includes(of)
    const byId = new Map<string, Story>()
    for (const story of [
      ...(await ask((from) => storiesOfFindings(from, tenant, [of]), [])),
      ...(await searchTail(eventLog, accessStories, NOBODY, `"${of}"`, isPart)),
    ])
      if ((byId.get(story.id)?.revision ?? 0) < story.revision) byId.set(story.id, story)
    return [...byId.values()]
      .filter(({ state }) => state !== 'merged')
      .sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open'))
      .slice(0, 20)
  }
}

function newest(findings: readonly Finding[]): Finding | undefined {
  return findings.reduce<Finding | undefined>(
    (most, each) => (each.revision > (most?.revision ?? 0) ? each : most),
    undefined,
  )
}
