import type { Logger } from 'pino'
import { firingAlert, resolvedAlert } from '../../../schemas/alert.ts'
import type { Alert } from '../../../schemas/alert.ts'
import { alertsOutbox } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { within } from '../../runtime/within.ts'
import { isAtLeast } from './fill-level.ts'
import type { FillLevel } from './fill-level.ts'

const RETRY_MS = 1000
const LEVEL_TEXT = {
  half: 'half full',
  four_fifths: 'four fifths full',
  full: 'full',
} as const

export interface SpoolAlarmOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly tenant: string
  readonly pep_id: string
  readonly boot_id: string
  readonly when_full: 'deny' | 'serve'
  readonly now: () => number
  readonly fill: () => { readonly bytes: number; readonly max_bytes: number; readonly waiting: number }
}

export interface SpoolAlarm {
  changed(level: FillLevel): void
  stop(): Promise<void>
}

/**
 * Tells people that the spool fills: a log line at once, and one alert a
 * happening, which ends when less than two fifths are left. The alert's way, the
 * outbox, is on the very log that is away; it is tried every second, so it comes as
 * soon as the log is back, and tells what the gateway has been through: that it
 * was firing, too, when it is over by then. Whoever
 * must hear while the log is away hears from Prometheus, which asks this process
 * itself (`gatewatch_gateway_spool_bytes`) and needs no log to page.
 */
export function startSpoolAlarm(options: SpoolAlarmOptions): SpoolAlarm {
  const { eventLog, logger, now } = options
  let happenings = 0
  let alert: Alert | null = null
  /** The newest firing revision and the resolved one, as far as the outbox lacks them. */
  let untold: Alert[] = []
  let telling: Promise<void> | null = null
  const timer = setInterval(tell, RETRY_MS)
  timer.unref()

  function tell(): void {
    telling ??= tellNewest().finally(() => {
      telling = null
    })
  }

  async function tellNewest(): Promise<void> {
    while (untold.length > 0) {
      const telling = untold
      try {
        await eventLog.append(telling.map((one) => jsonRecord(alertsOutbox, one)))
        untold = untold.filter((one) => !telling.includes(one))
      } catch {
        // Tried again in a while; the log says itself why it fails.
        return
      }
    }
  }

  function say(next: Alert): void {
    alert = next
    untold = [...untold.filter((one) => one.state !== next.state || one.id !== next.id).slice(-1), next]
  }

  function fired(level: keyof typeof LEVEL_TEXT): Alert {
    const at = new Date(now()).toISOString()
    const before = alert?.state === 'firing' ? alert : null
    if (before === null) happenings += 1
    const { bytes, max_bytes, waiting } = options.fill()
    const after =
      options.when_full === 'deny'
        ? 'requests are refused, break-glass subjects excepted'
        : 'requests are served without a record'
    return firingAlert(
      {
        id: before?.id ?? `alert-spool-${options.boot_id}-${happenings}`,
        tenant: options.tenant,
        revision: (before?.revision ?? 0) + 1,
        kind: 'spool',
        severity: level === 'half' ? 'warning' : 'critical',
        summary: `The spool of gateway ${options.pep_id} is ${LEVEL_TEXT[level]}: the event log does not take decisions`,
        description:
          `${waiting} decisions wait on the gateway's disk, ${mib(bytes)} of ${mib(max_bytes)} MiB. ` +
          `When it is full, ${after}.`,
        advice:
          'See to the event log first: the spool drains by itself. Or give gateway.spool.max_bytes more room.',
        entity: { type: 'pep', id: options.pep_id },
        risk_level: 'LOW',
        opened_at: before?.opened_at ?? at,
      },
      at,
    )
  }

  let worst: FillLevel = 'calm'
  return {
    changed(level) {
      const rose = isAtLeast(level, worst) && level !== worst
      if (level === 'calm') {
        worst = 'calm'
        if (alert?.state === 'firing') say(resolvedAlert(alert, new Date(now()).toISOString()))
        logger.info(options.fill(), 'the spool has room again')
      } else if (rose) {
        worst = level
        say(fired(level))
        const line = `the spool is ${LEVEL_TEXT[level]}, because the event log does not take decisions`
        if (level === 'half') logger.warn(options.fill(), line)
        else logger.error({ ...options.fill(), when_full: options.when_full }, line)
      }
      tell()
    },
    async stop() {
      clearInterval(timer)
      if (telling !== null) await within(telling, 1000)
    },
  }
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
