import type { Finding } from '../../schemas/finding.ts'
import { accessActivity, accessDecisions, accessFindings, type LogTopic } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { replayDecisions, type Stages } from './replay.ts'

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
 */
export async function compareReplay(
  eventLog: EventLog,
  stages: Stages,
  { from_ms = -Infinity, to_ms = Infinity }: Range = {},
): Promise<Comparison> {
  const heads = new Map<number, number>()
  for (const { partition, high } of await eventLog.watermarks(accessFindings)) heads.set(partition, high)
  // The later stage first: what it has handled, the first has.
  const sources = await eventLog.committed('scoring-source', accessActivity)
  const subjects = await eventLog.committed('scoring', accessDecisions)
  const until = new Map<LogTopic, ReadonlyMap<number, number>>([
    [accessActivity, sources],
    [accessDecisions, subjects],
  ])
  const inRange = ({ observed_at }: Finding) => {
    const atMs = Date.parse(observed_at)
    return atMs >= from_ms && atMs < to_ms
  }
  const { findings, records } = await replayDecisions(eventLog, stages, { until })
  const replayed = new Map(findings.filter(inRange).map((finding) => [nameOf(finding), finding]))
  const [other, surplus]: [Finding[], Finding[]] = [[], []]
  let same = 0
  for (const { partition } of await eventLog.watermarks(accessFindings)) {
    for await (const some of eventLog.read(accessFindings, { partition })) {
      for (const { offset, value } of some) {
        const finding = readFinding(value)
        if (finding === undefined || !inRange(finding)) continue
        const again = replayed.get(nameOf(finding))
        if (again === undefined) {
          if (offset < (heads.get(partition) ?? 0)) surplus.push(finding)
          continue
        }
        replayed.delete(nameOf(finding))
        if (JSON.stringify(again) === JSON.stringify(finding)) same += 1
        else other.push(finding)
      }
    }
  }
  return { records, same, other, surplus, missing: [...replayed.values()] }
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
