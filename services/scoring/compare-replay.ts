import type { Finding } from '../../schemas/finding.ts'
import { accessActivity, accessDecisions, accessFindings, type LogTopic } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { replayDecisions, type Stages } from './replay.ts'
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
}

export interface Counted {
  /** In the log. */
  readonly logged: number
  readonly replayed: number
  readonly both: number
}

export interface Range {
  /** By when it was observed; ms since the epoch. */
  readonly from_ms?: number
  readonly to_ms?: number
}

/**
 * Scores what is in the log again and compares the findings. Workers may go on
 * meanwhile: a finding is committed with the offsets of what it follows from,
 * so what the log held before the offsets were looked up must be in the replay,
 * and what the replay gives must be in the log afterwards.
 *
 * @param limits of the operator's rules; default those of a configuration that says nothing
 */
export async function compareReplay(
  eventLog: EventLog,
  stages: Stages,
  { from_ms = -Infinity, to_ms = Infinity }: Range = {},
  limits?: RuleLimits,
): Promise<Comparison> {
  const heads = new Map<number, number>()
  for (const { partition, high } of await eventLog.watermarks(accessFindings)) heads.set(partition, high)
  // The later stage first: what it has handled, the first has.
  const rules = await rulesUntil(eventLog)
  const sources = await eventLog.committed('scoring-source', accessActivity)
  const subjects = await eventLog.committed('scoring', accessDecisions)
  const until = new Map<LogTopic, ReadonlyMap<number, number>>([
    [accessActivity, sources],
    [accessDecisions, subjects],
    ...rules,
  ])
  const inRange = ({ observed_at }: Finding) => {
    const atMs = Date.parse(observed_at)
    return atMs >= from_ms && atMs < to_ms
  }
  const decided = await replayDecisions(eventLog, stages, { until })
  const ruled = await replayRules(eventLog, { limits, until })
  const findings = [...decided.findings, ...ruled.findings]
  const records = decided.records + ruled.records
  const ids = { logged: new Map<string, string>(), replayed: new Map<string, string>() }
  const replayed = new Map(findings.filter(inRange).map((finding) => [nameOf(finding), finding]))
  const [other, surplus]: [Finding[], Finding[]] = [[], []]
  for (const { id, detector } of replayed.values()) ids.replayed.set(id, detector.id)
  let same = 0
  for (const { partition } of await eventLog.watermarks(accessFindings)) {
    for await (const some of eventLog.read(accessFindings, { partition })) {
      for (const { offset, value } of some) {
        const finding = readFinding(value)
        if (finding === undefined || !inRange(finding)) continue
        const again = replayed.get(nameOf(finding))
        if (again === undefined) {
          if (offset >= (heads.get(partition) ?? 0)) continue
          ids.logged.set(finding.id, finding.detector.id)
          surplus.push(finding)
          continue
        }
        ids.logged.set(finding.id, finding.detector.id)
        replayed.delete(nameOf(finding))
        if (JSON.stringify(again) === JSON.stringify(finding)) same += 1
        else other.push(finding)
      }
    }
  }
  return {
    records,
    same,
    other,
    surplus,
    missing: [...replayed.values()],
    detectors: byDetector(ids.logged, ids.replayed),
  }
}

function byDetector(
  logged: ReadonlyMap<string, string>,
  replayed: ReadonlyMap<string, string>,
): Record<string, Counted> {
  const counts: Record<string, { logged: number; replayed: number; both: number }> = {}
  const of = (detector: string) => (counts[detector] ??= { logged: 0, replayed: 0, both: 0 })
  for (const [id, detector] of logged) {
    of(detector).logged += 1
    if (replayed.has(id)) of(detector).both += 1
  }
  for (const detector of replayed.values()) of(detector).replayed += 1
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)))
}

function nameOf({ id, revision }: Finding): string {
  return `${id}.${revision}`
}

function readFinding(value: Uint8Array | null): Finding | undefined {
  if (value === null) return undefined
  try {
    return accessFindings.schema.safeParse(JSON.parse(Buffer.from(value).toString())).data
  } catch {
    return undefined
  }
}
