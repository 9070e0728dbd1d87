import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Tally } from './worker.ts'

export interface ScoringMetrics {
  readonly seconds: Histogram<'stage'>
  readonly failures: Counter<'stage'>
  /** Told once a batch. */
  count(stage: string, tally: Tally, entities: number): void
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
  const entities = new Gauge({
    name: 'gatewatch_scoring_entities',
    help: 'Entities whose decoded state is in memory.',
    labelNames: ['stage'] as const,
    registers,
  })
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
    count(stage, tally, held) {
      records.inc({ stage, outcome: 'ok' }, tally.ok)
      records.inc({ stage, outcome: 'repeat' }, tally.repeat)
      for (const [reason, count] of tally.dead) records.inc({ stage, outcome: reason }, count)
      late.inc({ stage }, tally.late)
      for (const { detector, risk_level } of tally.findings)
        findings.inc({ detector: detector.id, level: risk_level })
      entities.set({ stage }, held)
    },
  }
}
