import { Gauge, type Registry } from 'prom-client'
import type { ConsumeOptions, Consumption, EventLog } from './event-log.ts'
import { measureLag, type LagMeasure } from './lag.ts'
import { wrapLog } from './wrap-log.ts'

/** A look costs three questions for each topic of each group, and whoever scales by the lag asks every fifteen seconds. */
const EVERY_MS = 5000

/**
 * The same log, and the lag of every group that is consumed through it:
 * `gatewatch_log_lag_records` by group and topic, `gatewatch_log_lag_seconds`
 * by group, `gatewatch_log_partition_lag_seconds` by partition too. The lag is the whole group's, whichever member tells it: take the
 * maximum. Groups and topics are closed lists, so labels are bounded.
 */
export function measuredLog(eventLog: EventLog, registry: Registry, every_ms = EVERY_MS): EventLog {
  const measures = new Map<string, LagMeasure>()
  const registers = [registry]
  void new Gauge({
    name: 'gatewatch_log_lag_records',
    help: 'Records that a group has not handled yet.',
    labelNames: ['group', 'topic'],
    registers,
    collect() {
      for (const [group, measure] of measures)
        for (const [topic, count] of measure.lag().records) this.set({ group, topic }, count)
    },
  })
  void new Gauge({
    name: 'gatewatch_log_lag_seconds',
    help: 'Seconds since the newest instant up to which a group has handled everything; 0 when nothing waits.',
    labelNames: ['group'],
    registers,
    collect() {
      for (const [group, measure] of measures) this.set({ group }, measure.lag().seconds)
    },
  })
  void new Gauge({
    name: 'gatewatch_log_partition_lag_seconds',
    help: 'Seconds since the newest instant up to which a group has handled everything of a partition; 0 when nothing of it waits.',
    labelNames: ['group', 'topic', 'partition'],
    registers,
    collect() {
      for (const [group, measure] of measures)
        for (const [place, seconds] of measure.lag().partitions) {
          const cut = place.lastIndexOf('/')
          this.set({ group, topic: place.slice(0, cut), partition: place.slice(cut + 1) }, seconds)
        }
    },
  })

  async function consume(options: ConsumeOptions): Promise<Consumption> {
    const consumption = await eventLog.consume(options)
    const { group, topics } = options
    // One measure a group: a second member in this process reads the same topics.
    if (measures.has(group)) return consumption
    const now = () => performance.now()
    const measure = measureLag({ eventLog, group, topics, now, every_ms })
    measures.set(group, measure)
    return {
      drained: () => consumption.drained(),
      async stop() {
        measures.delete(group)
        await Promise.all([consumption.stop(), measure.stop()])
      },
    }
  }

  return wrapLog(eventLog, { consume })
}
