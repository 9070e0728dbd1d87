import { Counter, Gauge, type Registry } from 'prom-client'
import type { Taken } from './offer.ts'
import type { SourceState } from './state.ts'

/** Why something that came can't be had any more, or was not let in. Closed, as a label. */
export type LossCause = 'rotated_away' | 'truncated' | 'compressed' | 'cut_connection' | 'expired'
export type RefusalCause =
  | 'unauthenticated'
  | 'forbidden'
  | 'too_large'
  | 'malformed'
  | 'busy'
  | 'too_many_connections'

/** The figures of one source; its name is the label, and the configuration bounds names. */
export interface SourceMetrics {
  /** Decisions that are about to be appended. */
  fresh(decisions: number): void
  taken(taken: Taken): void
  durable(state: SourceState): void
  appendFailed(): void
  reconnected(): void
  lost(cause: LossCause): void
  refused(cause: RefusalCause): void
  /** Asked when the figures are: how far behind the source we are, in seconds. */
  lagOf(seconds: () => number): void
  silent(isSilent: boolean): void
}

export interface CollectorMetrics {
  source(name: string, silentAfterMs: number | null): SourceMetrics
}

export function collectorMetrics(registry: Registry): CollectorMetrics {
  const registers = [registry]
  const labelNames = ['source'] as const
  const lags = new Map<string, () => number>()
  void new Gauge({
    name: 'gatewatch_collector_lag_seconds',
    help: 'How far behind a live source its decisions in the log are, in seconds.',
    labelNames,
    registers,
    collect() {
      for (const [source, seconds] of lags) this.set({ source }, seconds())
    },
  })
  const records = new Counter({
    name: 'gatewatch_collector_records_total',
    help: 'Records that came from a live source and are dealt with for good, by what became of them.',
    labelNames: ['source', 'outcome'],
    registers,
  })
  const decisions = new Counter({
    name: 'gatewatch_collector_decisions_total',
    help: 'Decisions made of the records of a live source.',
    labelNames,
    registers,
  })
  const lastRecord = new Gauge({
    name: 'gatewatch_collector_last_record_timestamp_seconds',
    help: 'When the newest record of a live source came.',
    labelNames,
    registers,
  })
  const lastEvent = new Gauge({
    name: 'gatewatch_collector_last_event_timestamp_seconds',
    help: 'Event time of the newest decision of a live source.',
    labelNames,
    registers,
  })
  const silentAfter = new Gauge({
    name: 'gatewatch_collector_silent_after_seconds',
    help: 'After how long without a record a live source counts as silent; absent where silence is in order.',
    labelNames,
    registers,
  })
  const silent = new Gauge({
    name: 'gatewatch_collector_silent',
    help: '1 while a live source has given nothing for longer than it may.',
    labelNames,
    registers,
  })
  const reconnects = new Counter({
    name: 'gatewatch_collector_reconnects_total',
    help: 'How often a live source failed and was begun anew.',
    labelNames,
    registers,
  })
  const appendFailures = new Counter({
    name: 'gatewatch_collector_append_failures_total',
    help: 'Appends of collected decisions that the event log did not take; they are repeated.',
    labelNames,
    registers,
  })
  const losses = new Counter({
    name: 'gatewatch_collector_losses_total',
    help: 'Times that something of a live source could not be had any more, by cause.',
    labelNames: ['source', 'cause'],
    registers,
  })
  const refusals = new Counter({
    name: 'gatewatch_collector_refused_total',
    help: 'Connections, requests and messages of a live source that were not let in, by cause.',
    labelNames: ['source', 'cause'],
    registers,
  })
  return {
    source(source, silentAfterMs) {
      if (silentAfterMs !== null) silentAfter.set({ source }, silentAfterMs / 1000)
      return {
        fresh: (count) => decisions.inc({ source }, count),
        taken(taken) {
          for (const outcome of ['decisions', 'known', 'skipped', 'dead_letters'] as const)
            if (taken[outcome] > 0) records.inc({ source, outcome }, taken[outcome])
        },
        durable({ last_record_at, last_event_at }) {
          if (last_record_at !== null) lastRecord.set({ source }, Date.parse(last_record_at) / 1000)
          if (last_event_at !== null) lastEvent.set({ source }, Date.parse(last_event_at) / 1000)
        },
        appendFailed: () => appendFailures.inc({ source }),
        reconnected: () => reconnects.inc({ source }),
        lost: (cause) => losses.inc({ source, cause }),
        refused: (cause) => refusals.inc({ source, cause }),
        lagOf: (seconds) => void lags.set(source, seconds),
        silent: (isSilent) => silent.set({ source }, isSilent ? 1 : 0),
      }
    },
  }
}
