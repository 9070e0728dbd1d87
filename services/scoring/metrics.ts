import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Tally } from './worker.ts'

export interface ScoringMetrics {
  readonly seconds: Histogram<'stage'>
  readonly failures: Counter<'stage'>
  readonly restore: Histogram<'stage'>
  /** Told once a batch. */
  count(stage: string, tally: Tally): void
  /** Asks for what a stage holds whenever the metrics are read; returns what ends it. */
  watch(stage: string, holdings: () => Holdings): () => void
}

/** What a stage of this worker holds just now. */
export interface Holdings {
  /** Partitions: scored, their state being restored, or refused because it can't be read. */
  readonly ready: number
  readonly restoring: number
  readonly refused: number
  /** Entities that are remembered, and those whose state is decoded. */
  readonly entities: number
  readonly decoded: number
  readonly bytes: number
  /** Entities forgotten since the partitions came, by cause. */
  readonly idle: number
  readonly full: number
}

export function scoringMetrics(registry: Registry): ScoringMetrics {
  const registers = [registry]
  const records = new Counter({
    name: 'gatewatch_scoring_records_total',
    help: 'Records by what became of them: received = ok + repeat + dead letters by reason.',
    labelNames: ['stage', 'outcome'] as const,
    registers,
  })
  const late = new Counter({
    name: 'gatewatch_scoring_late_total',
    help: 'Decisions scored but not learnt, because they came too late.',
    labelNames: ['stage'] as const,
    registers,
  })
  const findings = new Counter({
    name: 'gatewatch_scoring_findings_total',
    help: 'Findings opened or revised.',
    labelNames: ['detector', 'level'] as const,
    registers,
  })
  const watched = new Map<string, () => Holdings>()
  const gauge = (name: string, help: string, of: Readonly<Record<string, keyof Holdings>>, label: string) => {
    const read = (into: Gauge): void => {
      for (const [stage, holdings] of watched) {
        const held = holdings()
        for (const [value, field] of Object.entries(of)) {
          into.set(label === '' ? { stage } : { stage, [label]: value }, held[field])
        }
      }
    }
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: label === '' ? ['stage'] : ['stage', label],
        registers: [],
        collect() {
          read(this)
        },
      }),
    )
  }
  gauge(
    'gatewatch_scoring_partitions',
    'Partitions of this worker: scored, waiting for their state, or refused because it cannot be read.',
    { ready: 'ready', restoring: 'restoring', refused: 'refused' },
    'state',
  )
  gauge('gatewatch_scoring_entities', 'Entities that are remembered.', { all: 'entities' }, '')
  gauge(
    'gatewatch_scoring_entities_decoded',
    'Entities whose decoded state is in memory.',
    { all: 'decoded' },
    '',
  )
  gauge('gatewatch_scoring_state_bytes', 'Bytes of packed state and its index.', { all: 'bytes' }, '')
  gauge(
    'gatewatch_scoring_entities_forgotten',
    'Entities forgotten since this worker was given their partition: idle for long, or one too many.',
    { idle: 'idle', full: 'full' },
    'cause',
  )
  return {
    seconds: new Histogram({
      name: 'gatewatch_scoring_batch_seconds',
      help: 'Time to score one batch, without its commit.',
      labelNames: ['stage'] as const,
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    failures: new Counter({
      name: 'gatewatch_scoring_batch_failures_total',
      help: 'Batches that failed and were tried again.',
      labelNames: ['stage'] as const,
      registers,
    }),
    restore: new Histogram({
      name: 'gatewatch_scoring_restore_seconds',
      help: 'Time to restore the state of one partition.',
      labelNames: ['stage'] as const,
      buckets: [0.01, 0.05, 0.25, 1, 5, 15, 60],
      registers,
    }),
    watch(stage, holdings) {
      watched.set(stage, holdings)
      return () => void watched.delete(stage)
    },
    count(stage, tally) {
      records.inc({ stage, outcome: 'ok' }, tally.ok)
      records.inc({ stage, outcome: 'repeat' }, tally.repeat)
      for (const [reason, count] of tally.dead) records.inc({ stage, outcome: reason }, count)
      late.inc({ stage }, tally.late)
      for (const { detector, risk_level } of tally.findings)
        findings.inc({ detector: detector.id, level: risk_level })
    },
  }
}
