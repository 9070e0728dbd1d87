import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { EnforceOptions } from './enforce.ts'

export type GatewayMetrics = ReturnType<typeof gatewayMetrics>

/** Everything that the gateway counts; labels come from closed lists only. */
export function gatewayMetrics(registry: Registry) {
  const registers = [registry]
  return {
    decisions: new Counter({
      name: 'gatewatch_gateway_decisions_total',
      help: 'Decisions by outcome',
      labelNames: ['outcome'] as const,
      registers,
    }),
    unrecorded: fromZero(
      new Counter({
        name: 'gatewatch_gateway_unrecorded_total',
        help: 'Requests whose decision could not be recorded in time, by cause',
        labelNames: ['cause'] as const,
        registers,
      }),
    ),
    decide: new Histogram({
      name: 'gatewatch_gateway_decide_seconds',
      help: 'Time to decide, without identity and recording',
      buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.005, 0.05],
      registers,
    }),
    total: new Histogram({
      name: 'gatewatch_gateway_ruling_seconds',
      help: 'Time from the request to its durable decision',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
      registers,
    }),
    flush: new Histogram({
      name: 'gatewatch_gateway_flush_seconds',
      help: 'Time of one group commit',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.5],
      registers,
    }),
    appendFailures: new Counter({
      name: 'gatewatch_gateway_append_failures_total',
      help: 'Appends to the log that failed and were tried again',
      registers,
    }),
    upstream: new Counter({
      name: 'gatewatch_gateway_upstream_responses_total',
      help: 'Answers of applications by class of status',
      labelNames: ['status'] as const,
      registers,
    }),
    cut: new Counter({
      name: 'gatewatch_gateway_cut_connections_total',
      help: 'Live connections that a revoke ended',
      registers,
    }),
    logins: new Counter({
      name: 'gatewatch_gateway_logins_total',
      help: 'Sign-ins at the OpenID provider by result',
      labelNames: ['result'] as const,
      registers,
    }),
    live: new Gauge({
      name: 'gatewatch_gateway_live_connections',
      help: 'Requests being served',
      registers,
    }),
    riskAge: new Gauge({
      name: 'gatewatch_gateway_risk_age_seconds',
      help: 'Age of the local view of risk',
      registers,
    }),
    lost: new Gauge({
      name: 'gatewatch_gateway_lost_decisions',
      help: 'Decisions of the boot before that the mark file knows and the log does not',
      registers,
    }),
  }
}

/** Counts what a request was told, and how long that took; `cause`: why there is no record of it. */
export function rulingObserver(metrics: GatewayMetrics): EnforceOptions['observe'] {
  return ({ outcome, decide_us, total_us, cause }) => {
    metrics.decisions.inc({ outcome })
    metrics.decide.observe(decide_us / 1e6)
    metrics.total.observe(total_us / 1e6)
    if (cause !== undefined) metrics.unrecorded.inc({ cause })
  }
}

/** What is counted for the first time is a rise only where there was a zero before. */
function fromZero(counter: Counter<'cause'>): Counter<'cause'> {
  counter.inc({ cause: 'queue_full' }, 0)
  return counter
}
