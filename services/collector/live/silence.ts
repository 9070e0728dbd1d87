import { hash } from 'node:crypto'
import { Alert, firingAlert, resolvedAlert } from '../../../schemas/alert.ts'
import { alertsOutbox } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'

/** After a start senders have this long to come back before their silence counts. */
const GRACE_MS = 60_000

export interface SourceSilence {
  readonly tenant: string
  readonly source: string
  readonly last_record_ms: number | null
  readonly silent_after_ms: number
}

/**
 * Whether the source has given nothing for longer than it may. What it did not
 * give while nobody listened is not its silence, so a start grants it a minute
 * (or less, if its bound is less).
 */
export function isSilent(source: SourceSilence, startedMs: number, nowMs: number): boolean {
  const { last_record_ms, silent_after_ms } = source
  if (nowMs - startedMs < Math.min(GRACE_MS, silent_after_ms)) return false
  return nowMs - (last_record_ms ?? startedMs) > silent_after_ms
}

/** Whether a record came lately enough. */
export function speaks({ last_record_ms, silent_after_ms }: SourceSilence, nowMs: number): boolean {
  return last_record_ms !== null && nowMs - last_record_ms <= silent_after_ms
}

export interface SilenceAlerts {
  /** Fires once a happening, by whichever process; over when the source speaks again. */
  tell(source: SourceSilence, silent: boolean): Promise<void>
  close(): Promise<void>
}

/** What stands in the outbox says whether a person knows: a restart goes on from it. */
export async function openSilenceAlerts(eventLog: EventLog, now: () => number): Promise<SilenceAlerts> {
  const table = await eventLog.openTable(alertsOutbox)

  return {
    async tell(source, silent) {
      const { tenant, source: name } = source
      const id = `alert-source-${hash('sha256', `${tenant}\n${name}`, 'hex').slice(0, 24)}`
      const before = newest(`${tenant}/${id}`)
      if ((before?.state === 'firing') === silent) return
      // Our own last word may still be on its way into the table.
      await table.caughtUp()
      const last = newest(`${tenant}/${id}`)
      if ((last?.state === 'firing') === silent) return
      const at = new Date(now()).toISOString()
      if (last !== undefined && !silent) {
        await eventLog.append([jsonRecord(alertsOutbox, resolvedAlert(last, at))])
      } else if (silent) {
        const revision = (last?.revision ?? 0) + 1
        await eventLog.append([jsonRecord(alertsOutbox, silenceAlert(id, source, revision, at))])
      }
    },
    close: () => table.close(),
  }

  function newest(key: string): Alert | undefined {
    return readRecord(Alert, { value: table.get(key) ?? null })
  }
}

function silenceAlert(id: string, source: SourceSilence, revision: number, at: string): Alert {
  const since =
    source.last_record_ms === null
      ? 'has given nothing yet'
      : `gave its last record at ${new Date(source.last_record_ms).toISOString()}`
  const { source: name, silent_after_ms } = source
  return firingAlert(
    {
      id,
      tenant: source.tenant,
      revision,
      kind: 'source',
      severity: 'warning',
      summary: `The live source ${name} has fallen silent`,
      description: `It ${since}; more than ${Math.round(silent_after_ms / 1000)} s without one are more than its silent_after allows. What it decides is not seen meanwhile.`,
      advice:
        'See whether the sender runs and reaches the collector; its log and gatewatch status say what fails. Quiet by nature? Raise silent_after.',
      risk_level: 'LOW',
    },
    at,
  )
}
