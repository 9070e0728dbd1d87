import { hash } from 'node:crypto'
import { Alert, firingAlert, resolvedAlert } from '../../schemas/alert.ts'
import { accessFindings, alertsOutbox } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord, parseJson } from '../runtime/log/json-record.ts'
import { DECISION_GAP, DECISION_INTEGRITY, findingOf } from './finding.ts'
import { MOST_LISTED, type Problem, type ProblemKind } from './report.ts'
import { problemSentence } from './report-text.ts'

/** Happenings that are told one by one; when there are more at once, one alert tells of all. */
const MOST_ALERTS = 10

/** Happenings that are known at once; who inserts rows of boots that never were could make any number. */
const MOST_HAPPENINGS = 10_000

/** Tells of problems once, and when they are over. */
export interface IntegrityAlerts {
  /** Fires for happenings that nobody was told of; a happening is one kind of thing in one boot. */
  found(problems: readonly Problem[]): Promise<void>
  /** From here on everything is looked at, once. */
  roundBegan(): void
  /**
   * It was: what was told of and was not found since `roundBegan` is over. A round that another process began, or
   * that found more than could be listed, ends nothing: who knows what its other part found.
   */
  roundEnded(): Promise<void>
  standing(): ReadonlyMap<ProblemKind, number>
}

export async function openAlerts(
  eventLog: EventLog,
  tenant: string,
  now: () => number,
): Promise<IntegrityAlerts> {
  const firing = await readFiring(eventLog, tenant)
  const kinds = new Map<string, { kind: ProblemKind; count: number }>()
  /** Happenings that the round has found so far; null: it can't say what is over. */
  let round: Set<string> | null = null

  async function write(alerts: readonly Alert[]): Promise<void> {
    // Both or neither: a happening that is paged for has its finding.
    if (alerts.length > 0)
      await eventLog.append(
        alerts.flatMap((alert) => {
          const finding = findingOf(alert)
          return [
            jsonRecord(alertsOutbox, alert),
            jsonRecord(accessFindings, finding, { ce_id: `${finding.id}.${finding.revision}` }),
          ]
        }),
      )
    for (const alert of alerts) {
      if (alert.state === 'firing') firing.set(alert.id, alert)
      else firing.delete(alert.id)
    }
  }

  async function found(problems: readonly Problem[]): Promise<void> {
    const happenings = happeningsOf(tenant, problems)
    if (problems.length >= MOST_LISTED) round = null
    for (const [id, some] of happenings) {
      const [first] = some
      if (first && (kinds.has(id) || kinds.size < MOST_HAPPENINGS))
        kinds.set(id, { kind: first.kind, count: some.length })
      round?.add(id)
    }
    if (round !== null && round.size > MOST_HAPPENINGS) round = null
    const unknown = [...happenings].filter(([id]) => !firing.has(id))
    const told =
      unknown.length > MOST_ALERTS && happenings.size === unknown.length
        ? [[idOf(tenant, 'many'), problems] as const].filter(([id]) => !firing.has(id))
        : unknown.slice(0, MOST_ALERTS)
    await write(told.map(([id, some]) => alertOf(id, tenant, some, now())))
  }

  return {
    found,
    roundBegan() {
      round = new Set()
    },
    async roundEnded() {
      if (round === null) return
      const ids = new Set(round)
      if (ids.size > 0) ids.add(idOf(tenant, 'many'))
      for (const id of kinds.keys()) if (!ids.has(id)) kinds.delete(id)
      const at = new Date(now()).toISOString()
      const over = [...firing.values()].filter(({ id }) => !ids.has(id))
      await write(over.map((alert) => resolvedAlert(alert, at)))
    },
    standing() {
      const counts = new Map<ProblemKind, number>()
      for (const { kind, count } of kinds.values()) counts.set(kind, (counts.get(kind) ?? 0) + count)
      return counts
    },
  }
}

function happeningsOf(tenant: string, problems: readonly Problem[]): Map<string, Problem[]> {
  return Map.groupBy(problems, ({ pep_id, boot_id, kind }) => idOf(tenant, `${pep_id}\n${boot_id}\n${kind}`))
}

function idOf(tenant: string, name: string): string {
  return `alert-integrity-${hash('sha256', `${tenant}\n${name}`, 'hex').slice(0, 24)}`
}

function alertOf(id: string, tenant: string, problems: readonly Problem[], nowMs: number): Alert {
  const [first] = problems
  const many = problems.length === 1 ? '' : `, and ${problems.length - 1} more`
  return firingAlert(
    {
      id,
      tenant,
      kind: 'integrity',
      severity: 'critical',
      summary:
        `Stored decisions are not what was recorded: ${first?.kind ?? ''} in ${first?.pep_id ?? ''}${many}`.slice(
          0,
          512,
        ),
      description: problems.slice(0, 5).map(problemSentence).join(' ').slice(0, 2000),
      advice:
        'Run gatewatch verify over the time that is named, keep the store as it is, and find out who could write to it.',
      entity: first === undefined || first.pep_id === '' ? null : { type: 'pep', id: first.pep_id },
      risk_level: 'HIGH',
      causes: ['recording'],
      detectors: [first?.kind === 'missing' ? DECISION_GAP : DECISION_INTEGRITY],
      findings_total: problems.length,
      entities_total: new Set(problems.map(({ pep_id }) => pep_id)).size,
    },
    new Date(nowMs).toISOString(),
  )
}

async function readFiring(eventLog: EventLog, tenant: string): Promise<Map<string, Alert>> {
  const table = await eventLog.openTable(alertsOutbox)
  try {
    await table.caughtUp()
    const firing = new Map<string, Alert>()
    for (const [, value] of table.entries(`${tenant}/alert-integrity-`)) {
      const json = parseJson({ value })
      const alert = json.kind === 'ok' ? Alert.safeParse(json.value).data : undefined
      if (alert?.state === 'firing') firing.set(alert.id, alert)
    }
    return firing
  } finally {
    await table.close()
  }
}
