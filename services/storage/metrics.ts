import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { EventLog } from '../runtime/log/event-log.ts'
import type { LogTopic } from '../../schemas/topics.ts'

export interface StorageMetrics {
  readonly rows: Counter<'table'>
  readonly batches: Counter<'table'>
  readonly seconds: Histogram<'table'>
  readonly retries: Counter<'cause'>
  readonly deadLetters: Counter<'reason'>
  /** Told of every insert, so that it is known since when none succeeds. */
  tried(succeeded: boolean): void
}

export const GROUP = 'storage'

/** The storage worker's figures; lag is worked out when somebody asks for it. */
export function storageMetrics(
  registry: Registry,
  eventLog: EventLog,
  topics: readonly LogTopic[],
): StorageMetrics {
  const registers = [registry]
  void new Gauge({
    name: 'gatewatch_storage_lag_records',
    help: 'Records of a topic that are not stored yet.',
    labelNames: ['topic'],
    registers,
    async collect() {
      for (const topic of topics) this.set({ topic: topic.name }, await lagOf(eventLog, topic))
    },
  })
  let awaySince: number | null = null
  void new Gauge({
    name: 'gatewatch_storage_away_seconds',
    help: 'How long no insert has succeeded since one failed; 0 while the store takes rows.',
    registers,
    collect() {
      this.set(awaySince === null ? 0 : (performance.now() - awaySince) / 1000)
    },
  })
  return {
    tried(succeeded) {
      if (succeeded) awaySince = null
      else awaySince ??= performance.now()
    },
    rows: new Counter({
      name: 'gatewatch_storage_rows_total',
      help: 'Rows stored.',
      labelNames: ['table'],
      registers,
    }),
    batches: new Counter({
      name: 'gatewatch_storage_batches_total',
      help: 'Blocks stored.',
      labelNames: ['table'],
      registers,
    }),
    seconds: new Histogram({
      name: 'gatewatch_storage_insert_seconds',
      help: 'Time of one insert, its flush to disk included.',
      labelNames: ['table'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    retries: new Counter({
      name: 'gatewatch_storage_retries_total',
      help: 'Inserts that failed and were tried again.',
      labelNames: ['cause'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'gatewatch_storage_dead_letters_total',
      help: 'Records that can not be stored and went to the dead letters.',
      labelNames: ['reason'],
      registers,
    }),
  }
}

async function lagOf(eventLog: EventLog, topic: LogTopic): Promise<number> {
  const [marks, committed] = await Promise.all([eventLog.watermarks(topic), eventLog.committed(GROUP, topic)])
  return marks.reduce(
    (sum, { partition, low, high }) => sum + high - Math.max(low, committed.get(partition) ?? low),
    0,
  )
}
