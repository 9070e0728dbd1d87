import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What an event log tells of its work; topics and groups are closed lists, so labels are bounded. */
export interface LogMetrics {
  appended(topic: string, records: number, bytes: number): void
  handled(group: string, topic: string, records: number, seconds: number): void
  failed(group: string): void
  /** A member lost a partition between reading a batch and committing it. */
  fenced(group: string): void
  /** Records that a group has still to handle, up to the first open transaction. */
  lag(group: string, topic: string, partition: number, records: number): void
  /** Kafka refused something to our user: a right was never granted, or taken away. */
  denied(resource: string): void
  /** A consumer that stood still was started anew. */
  restarted(group: string, cause: string): void
  /** Records that retention or compaction removed; `unread` when a group had not read them. */
  removed(topic: string, cause: 'age' | 'bytes' | 'compaction', records: number, unread: number): void
  retained(topic: string, records: number, bytes: number): void
}

/** Counts into a Prometheus registry, under `gatewatch_log_`. Made once a registry. */
export function logMetrics(registry: Registry): LogMetrics {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `gatewatch_log_${name}`, help, labelNames, registers })
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `gatewatch_log_${name}`, help, labelNames: ['topic'], registers })
  const appended = counter('appended_records_total', 'Records committed, by topic.', ['topic'])
  const appendedBytes = counter('appended_bytes_total', 'Bytes committed, by topic.', ['topic'])
  const handled = counter('handled_records_total', 'Records handled and committed.', ['group', 'topic'])
  const seconds = new Histogram({
    name: 'gatewatch_log_batch_seconds',
    help: 'From a batch handed out to its commit.',
    labelNames: ['group'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  })
  const failures = counter('handler_failures_total', 'Batches whose handler failed, tried again.', ['group'])
  const fenced = counter('fenced_commits_total', 'Commits refused after the partition was taken over.', [
    'group',
  ])
  const lag = new Gauge({
    name: 'gatewatch_log_partition_lag_records',
    help: 'Records of a partition that its member has still to handle; Kafka alone.',
    labelNames: ['group', 'topic', 'partition'],
    registers,
  })
  const restarts = counter('consumer_restarts_total', 'Consumers that stood still and were started anew.', [
    'group',
    'cause',
  ])
  const denied = counter(
    'denied_requests_total',
    'Requests that Kafka refused to our user, by what it may not use.',
    ['resource'],
  )
  const removed = counter('removed_records_total', 'Records removed, by cause.', ['topic', 'cause'])
  const unread = counter('removed_unread_records_total', 'Records removed before a group read them.', [
    'topic',
  ])
  const records = gauge('retained_records', 'Records kept.')
  const bytes = gauge('retained_bytes', 'Bytes kept.')
  return {
    appended(topic, count, size) {
      appended.inc({ topic }, count)
      appendedBytes.inc({ topic }, size)
    },
    handled(group, topic, count, took) {
      handled.inc({ group, topic }, count)
      seconds.observe({ group }, took)
    },
    failed: (group) => failures.inc({ group }),
    fenced: (group) => fenced.inc({ group }),
    lag: (group, topic, partition, count) => lag.set({ group, topic, partition: String(partition) }, count),
    denied: (resource) => denied.inc({ resource }),
    restarted: (group, cause) => restarts.inc({ group, cause }),
    removed(topic, cause, count, lost) {
      removed.inc({ topic, cause }, count)
      if (lost > 0) unread.inc({ topic }, lost)
    },
    retained(topic, count, size) {
      records.set({ topic }, count)
      bytes.set({ topic }, size)
    },
  }
}
