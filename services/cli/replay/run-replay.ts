import { accessActivity, accessDecisions, accessScored, policyEffects } from '../../../schemas/topics.ts'
import { BREAK_GLASS_DETECTOR } from '../../feedback/usage/break-glass.ts'
import { GATEWAY_SILENT } from '../../feedback/silence/silent-gateways.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { compareReplay, type Comparison, type Range } from '../../scoring/compare-replay.ts'
import type { ScoringConfig } from '../../scoring/config.ts'
import { scoringStages } from '../../scoring/main.ts'
import { CandidateFacts, type Differing } from '../../scoring/replay/candidate-facts.ts'
import { openOperatorFiles } from '../../scoring/replay/operator-files.ts'
import { replayCandidate } from '../../scoring/replay/replay-candidate.ts'
import { StoredEnrichment } from '../../scoring/replay/stored-enrichment.ts'
import { DECISION_GAP, DECISION_INTEGRITY } from '../../verify/finding.ts'

/** Findings of the roles feedback and verify: not scoring's to repeat. */
const OTHERS: ReadonlySet<string> = new Set([
  BREAK_GLASS_DETECTOR,
  GATEWAY_SILENT,
  DECISION_GAP,
  DECISION_INTEGRITY,
])

export interface RunReplayOptions {
  readonly range: Range
  /** Configuration that the log was written with, as far as anybody knows: today's. */
  readonly scoring: ScoringConfig
  readonly candidate: ScoringConfig | undefined
  readonly progress: (done: number, total: number) => void
}

export interface ReplayRun {
  readonly compared: Comparison
  /** What the candidate looked up otherwise; undefined without one. */
  readonly facts: Differing | undefined
  /** One line each: what could not be taken into account. */
  readonly notes: readonly string[]
}

/** Scores the log again, with the facts that stand in it or with those of a candidate, and compares. */
export async function runReplay(
  { eventLog, dataDir, logger }: Pick<Runtime, 'eventLog' | 'dataDir' | 'logger'>,
  { range, scoring, candidate, progress }: RunReplayOptions,
): Promise<ReplayRun> {
  const files = await openOperatorFiles(candidate ?? scoring, { dataDir, logger })
  const stored = new StoredEnrichment(eventLog, files.enrich)
  const topics =
    candidate === undefined
      ? [accessDecisions, accessActivity, policyEffects, accessScored]
      : [accessDecisions]
  let [done, total] = [0, 0]
  for (const topic of topics)
    for (const { low, high } of await eventLog.watermarks(topic)) total += high - low
  const advance = (records: number): void => progress(Math.min(total, (done += records)), total)
  if (candidate === undefined) {
    const stages = scoringStages(stored.enrich, scoring)
    const limits = scoring.rules
    const options = { limits, stored, others: OTHERS, progress: advance }
    const compared = await compareReplay(eventLog, stages, range, options)
    return { compared, facts: undefined, notes: erasedNotes(compared) }
  }
  const facts = new CandidateFacts(stored, files.enrich, files.unread_lists)
  const stages = scoringStages(facts.enrich, candidate)
  const compared = await compareReplay(eventLog, stages, range, {
    others: OTHERS,
    candidate: (until, start) =>
      replayCandidate(eventLog, {
        stages,
        budget:
          candidate.findings_per_day === scoring.findings_per_day ? undefined : candidate.findings_per_day,
        rules: files.rules,
        stored,
        until: until.get(accessDecisions),
        start,
        progress: advance,
      }),
  })
  const notes = files.unread_lists.map(
    (name) => `The list ${name} is not kept on this machine: who was on it then is taken to be on it.`,
  )
  return { compared, facts: facts.differing, notes: [...files.problems, ...notes, ...erasedNotes(compared)] }
}

/** What a replay can't show, since whom it was about was erased. */
function erasedNotes({ erased: { decisions, findings } }: Comparison): string[] {
  if (decisions === 0) return []
  return [
    `${decisions.toLocaleString('en')} decisions are of persons who were erased: they are not scored again, and ${findings.toLocaleString('en')} findings that name such a person or rest on what they did are not compared. Where others are held against what everybody does, their scores lack these persons too.`,
  ]
}
