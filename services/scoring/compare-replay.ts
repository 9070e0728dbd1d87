import type { Finding } from '../../schemas/finding.ts'
import {
  accessActivity,
  accessDecisions,
  accessFindings,
  policyEffects,
  type LogTopic,
} from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { findingDifferences, type FindingDifferences } from './replay/finding-differences.ts'
import { erasedPersons } from './replay/erased-persons.ts'
import type { StoredEnrichment } from './replay/stored-enrichment.ts'
import { findStart, type ReplayStart } from './replay/replay-start.ts'
import { replayDecisions, type ReplayOptions, type Stages } from './replay.ts'
import { replayRules, rulesUntil, type RuleLimits } from './rules/replay-rules.ts'

/** Findings of the log beside those of a replay of it, each revision by itself. */
export interface Comparison {
  /** Decisions and slim records that were replayed. */
  readonly records: number
  readonly same: number
  /** There and in the replay, and not alike. */
  readonly other: readonly Finding[]
  /** Only in the replay. */
  readonly missing: readonly Finding[]
  /** Only in the log. */
  readonly surplus: readonly Finding[]
  /** Findings, each once however often it was revised, by detector. */
  readonly detectors: Readonly<Record<string, Counted>>
  /** The same as what is gone, new or changed. */
  readonly findings: FindingDifferences
  /** Decisions whose facts are not in the log any more, and were looked up again. */
  readonly looked_up: number
  /** Decisions of erased persons, which are not scored again, and findings that rest on them or name them, which are not compared. */
  readonly erased: { readonly decisions: number; readonly findings: number }
  /** What was observed from then on was compared; null: all that there is. */
  readonly from: string | null
}

export interface Counted {
  /** In the log. */
  readonly logged: number
  readonly replayed: number
  /** Of the same id, by this detector both times. */
  readonly both: number
}

export interface Range {
  /** By when it was observed; ms since the epoch. */
  readonly from_ms?: number
  readonly to_ms?: number
}

export interface CompareOptions {
  /** Of the operator's rules; default those of a configuration that says nothing. */
  readonly limits?: RuleLimits | undefined
  /** What `stages` takes the facts from. */
  readonly stored?: StoredEnrichment | undefined
  /** Detectors of other roles, whose findings are not scoring's to repeat. */
  readonly others?: ReadonlySet<string>
  /** Instead of a replay as the log says: what another configuration finds up to those offsets. */
  readonly candidate?: (
    until: Until,
    start: ReplayStart,
  ) => Promise<{ readonly findings: readonly Finding[]; readonly records: number }>
  readonly progress?: ((records: number) => void) | undefined
}

type Until = ReadonlyMap<LogTopic, ReadonlyMap<number, number>>

/**
 * Scores what is in the log again and compares the findings. Workers may go on
 * meanwhile: a finding is committed with the offsets of what it follows from,
 * so what the log held before the offsets were looked up must be in the replay,
 * and what the replay gives must be in the log afterwards.
 */
export async function compareReplay(
  eventLog: EventLog,
  stages: Stages,
  { from_ms: asked_ms, to_ms = Infinity }: Range = {},
  { limits, stored, others = new Set(), candidate, progress }: CompareOptions = {},
): Promise<Comparison> {
  const heads = new Map<number, number>()
  for (const { partition, high } of await eventLog.watermarks(accessFindings)) heads.set(partition, high)
  const until = await workedOff(eventLog)
  const start = await findStart(eventLog, asked_ms)
  const { from_ms } = start
  const gone = await erasedPersons(eventLog)
  const notCompared = new Set<string>()
  const inRange = ({ observed_at, detector }: Finding) => {
    const atMs = Date.parse(observed_at)
    return atMs >= from_ms && atMs < to_ms && !others.has(detector.id)
  }
  const again =
    candidate === undefined
      ? await asLogged(eventLog, stages, { until, start, limits, stored, progress })
      : { looked_up: 0, ...(await candidate(until, start)) }
  const replayed = new Map(again.findings.filter(inRange).map((finding) => [nameOf(finding), finding]))
  for (const finding of replayed.values()) if (gone.touches(finding)) notCompared.add(finding.id)
  const then: Finding[] = []
  const [other, surplus]: [Finding[], Finding[]] = [[], []]
  let same = 0
  for (const { partition } of await eventLog.watermarks(accessFindings)) {
    for await (const some of eventLog.read(accessFindings, { partition })) {
      for (const { offset, value } of some) {
        const text = value === null ? '' : Buffer.from(value).toString()
        const finding = readFinding(text)
        if (finding === undefined || !inRange(finding)) continue
        if (notCompared.has(finding.id) || gone.touches(finding)) {
          notCompared.add(finding.id)
          continue
        }
        const repeated = replayed.get(nameOf(finding))
        if (repeated === undefined && offset >= (heads.get(partition) ?? 0)) continue
        then.push(finding)
        if (repeated === undefined) {
          surplus.push(finding)
          continue
        }
        replayed.delete(nameOf(finding))
        // The bytes of the log: reading puts the members into the schema's order.
        if (JSON.stringify(repeated) === text) same += 1
        else other.push(finding)
      }
    }
  }
  for (const [name, { id }] of replayed) if (notCompared.has(id)) replayed.delete(name)
  const now = again.findings.filter((finding) => inRange(finding) && !notCompared.has(finding.id))
  return {
    records: again.records,
    same,
    other,
    surplus,
    missing: [...replayed.values()],
    detectors: byDetector(detectorsOf(then), detectorsOf(now)),
    findings: findingDifferences(then, now),
    looked_up: again.looked_up,
    erased: { decisions: gone.decisions, findings: notCompared.size },
    from: Number.isFinite(from_ms) ? new Date(from_ms).toISOString() : null,
  }
}

/** How far each stage has come, the later first: what it has handled, the ones before have. */
async function workedOff(eventLog: EventLog): Promise<Until> {
  const rules = await rulesUntil(eventLog)
  const policies = await eventLog.committed('scoring-policy', policyEffects)
  const sources = await eventLog.committed('scoring-source', accessActivity)
  const subjects = await eventLog.committed('scoring', accessDecisions)
  return new Map<LogTopic, ReadonlyMap<number, number>>([
    [policyEffects, policies],
    [accessActivity, sources],
    [accessDecisions, subjects],
    ...rules,
  ])
}

async function asLogged(
  eventLog: EventLog,
  stages: Stages,
  { limits, stored, ...where }: Omit<ReplayOptions, 'told'> & Pick<CompareOptions, 'limits'>,
) {
  const decided = await replayDecisions(eventLog, stages, { ...where, stored })
  const ruled = await replayRules(eventLog, { ...where, limits })
  return {
    findings: [...decided.findings, ...ruled.findings],
    records: decided.records + ruled.records,
    looked_up: decided.looked_up,
  }
}

function detectorsOf(findings: readonly Finding[]): Map<string, string> {
  return new Map(findings.map(({ id, detector }) => [id, detector.id]))
}

function byDetector(
  logged: ReadonlyMap<string, string>,
  replayed: ReadonlyMap<string, string>,
): Record<string, Counted> {
  const counts: Record<string, { logged: number; replayed: number; both: number }> = {}
  const of = (detector: string) => (counts[detector] ??= { logged: 0, replayed: 0, both: 0 })
  for (const [id, detector] of logged) {
    of(detector).logged += 1
    if (replayed.get(id) === detector) of(detector).both += 1
  }
  for (const detector of replayed.values()) of(detector).replayed += 1
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)))
}

function nameOf({ id, revision }: Finding): string {
  return `${id}.${revision}`
}

function readFinding(text: string): Finding | undefined {
  try {
    return accessFindings.schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
