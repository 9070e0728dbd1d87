import { Finding } from '../../schemas/finding.ts'
import { accessFindings } from '../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../runtime/log/event-log.ts'
import { readRecord } from '../runtime/log/json-record.ts'
import { endOf, readBetween } from './feed/tail.ts'

/** The most findings that are held at a time. */
export const MAX_FINDINGS = 100_000
const POLL_MS = 200

export interface FindingsFilter {
  readonly tenant?: string
}

/** The latest revision of every finding that the log holds, oldest first, at most the newest `limit`. */
export async function readFindings(
  eventLog: EventLog,
  filter: FindingsFilter,
  limit: number,
): Promise<{ findings: Finding[]; position: number[] }> {
  const end = await endOf(eventLog, accessFindings)
  const latest = new Map<string, Finding>()
  for await (const { record } of readBetween(
    eventLog,
    accessFindings,
    end.map(() => 0),
    end,
  )) {
    const finding = findingOf(record, filter)
    if (!finding) continue
    latest.delete(finding.id)
    latest.set(finding.id, finding)
    const oldest = latest.size > MAX_FINDINGS ? latest.keys().next().value : undefined
    if (oldest !== undefined) latest.delete(oldest)
  }
  const findings = [...latest.values()].sort((a, b) => (a.observed_at < b.observed_at ? -1 : 1))
  return { findings: findings.slice(-limit), position: end }
}

/** Every revision from a place on, as it comes, until `stopping`. */
export async function* followFindings(
  eventLog: EventLog,
  filter: FindingsFilter,
  position: number[],
  stopping: AbortSignal,
): AsyncGenerator<Finding> {
  while (!stopping.aborted) {
    const end = await endOf(eventLog, accessFindings)
    for await (const { record, partition } of readBetween(eventLog, accessFindings, [...position], end)) {
      position[partition] = record.offset + 1
      const finding = findingOf(record, filter)
      if (finding) yield finding
    }
    for (const [partition, offset] of end.entries()) position[partition] = offset
    await pause(POLL_MS, stopping)
  }
}

function findingOf(record: LogRecord, filter: FindingsFilter): Finding | undefined {
  if (filter.tenant !== undefined && !record.key.startsWith(`${filter.tenant}/`)) return undefined
  return readRecord(Finding, record)
}

function pause(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      stopping.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    stopping.addEventListener('abort', done)
  })
}
