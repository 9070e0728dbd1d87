import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { UNDECIDED_REASONS, type ProblemKind, type Report } from './report.ts'

const KINDS: readonly ProblemKind[] = ['missing', 'altered', 'inserted', 'reordered', 'checkpoint']

export interface VerifyMetrics {
  /** What one look at a range came to. */
  looked(report: Report, pass: 'fresh' | 'sweep'): void
  /** Problems that stand, by kind. */
  standing(counts: ReadonlyMap<ProblemKind, number>): void
  readonly verified: Gauge
  readonly swept: Gauge
  readonly failures: Counter
}

export function verifyMetrics(registry: Registry): VerifyMetrics {
  const registers = [registry]
  const decisions = new Counter({
    name: 'gatewatch_verify_decisions_total',
    help: 'Stored decisions looked at, by whether signed checkpoints prove them.',
    labelNames: ['result'],
    registers,
  })
  const seconds = new Histogram({
    name: 'gatewatch_verify_seconds',
    help: 'Time of one look at a range of stored decisions.',
    labelNames: ['pass'],
    buckets: [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900],
    registers,
  })
  const undecided = new Gauge({
    name: 'gatewatch_verify_undecided_decisions',
    help: 'Decisions that the last look at what is new could not decide about.',
    labelNames: ['reason'],
    registers,
  })
  const problems = new Gauge({
    name: 'gatewatch_verify_problems',
    help: 'Things that are wrong with stored decisions: gaps, alterations, insertions; each is alerted once.',
    labelNames: ['kind'],
    registers,
  })
  return {
    looked(report, pass) {
      decisions.inc({ result: 'proven' }, report.proven)
      decisions.inc({ result: 'unproven' }, Math.max(0, report.decisions - report.proven))
      seconds.observe({ pass }, report.elapsed_ms / 1000)
      if (pass === 'sweep') return
      for (const reason of UNDECIDED_REASONS) {
        const some = report.undecided.filter((one) => one.reason === reason)
        undecided.set(
          { reason },
          some.reduce((sum, one) => sum + one.decisions, 0),
        )
      }
    },
    standing(counts) {
      for (const kind of KINDS) problems.set({ kind }, counts.get(kind) ?? 0)
    },
    verified: new Gauge({
      name: 'gatewatch_verify_verified_timestamp_seconds',
      help: 'Event time up to which stored decisions have been verified.',
      registers,
    }),
    swept: new Gauge({
      name: 'gatewatch_verify_swept_timestamp_seconds',
      help: 'When the last round over all that is stored ended.',
      registers,
    }),
    failures: new Counter({
      name: 'gatewatch_verify_failures_total',
      help: 'Looks that failed, because the store or the log did not answer; they are repeated.',
      registers,
    }),
  }
}
