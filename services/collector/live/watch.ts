import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { control } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import type { Running } from '../../runtime/runtime.ts'
import type { FormatName } from '../formats/format.ts'
import type { SourceMetrics } from './metrics.ts'
import { isSilent, openSilenceAlerts, speaks } from './silence.ts'

const LOOK_MS = 500
/** How often the state of each source is put where other processes see it. */
const TELL_MS = 10_000

export interface WatchedSource {
  readonly name: string
  readonly tenant: string
  /** Its kind, in the configuration's words. */
  readonly way: string
  readonly format: FormatName
  readonly silent_after_ms: number | null
  readonly metrics: SourceMetrics
  readonly supervised: { lastRecordMs(): number | null; lagMs(): number }
}

export interface Watch extends Running {
  /** The sources that are silent now. */
  silent(): readonly string[]
}

/** Looks whether the sources still speak, alerts when one does not, and writes how each does to the log. */
export async function startWatch(
  eventLog: EventLog,
  logger: Logger,
  sources: readonly WatchedSource[],
  now: () => number,
): Promise<Watch> {
  const alerts = await openSilenceAlerts(eventLog, now)
  const stopping = new AbortController()
  const started = now()
  let toldAt = -Infinity
  let silent: readonly string[] = []
  let failing = false

  async function look(): Promise<void> {
    const at = now()
    const quiet: string[] = []
    for (const { name, tenant, silent_after_ms, metrics, supervised } of sources) {
      if (silent_after_ms === null) continue
      const one = { tenant, source: name, last_record_ms: supervised.lastRecordMs(), silent_after_ms }
      const isQuiet = isSilent(one, started, at)
      metrics.silent(isQuiet)
      if (isQuiet) quiet.push(name)
      // Granted time after a start is neither silence nor its end: only a record ends it.
      if (isQuiet || speaks(one, at)) await alerts.tell(one, isQuiet)
    }
    silent = quiet
    if (at - toldAt < TELL_MS) return
    await eventLog.append(sources.map((source) => jsonRecord(control, stateOf(source, quiet, at))))
    toldAt = at
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await look()
        failing = false
      } catch (error) {
        if (!failing)
          logger.warn({ err: error }, 'the state of the sources could not be told; it is tried again')
        failing = true
      }
      await pause(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  const running = run()
  return {
    silent: () => silent,
    async stop() {
      stopping.abort()
      await running
      await alerts.close()
    },
  }
}

function stateOf(source: WatchedSource, quiet: readonly string[], atMs: number) {
  const last = source.supervised.lastRecordMs()
  return {
    schema_version: 1 as const,
    kind: 'source' as const,
    tenant: source.tenant,
    name: `source/${source.name}`,
    at: new Date(atMs).toISOString(),
    way: source.way,
    format: source.format,
    lag_ms: Math.round(source.supervised.lagMs()),
    last_record_at: last === null ? null : new Date(last).toISOString(),
    silent: quiet.includes(source.name),
  }
}
