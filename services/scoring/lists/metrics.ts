import { Counter, Gauge, type Registry } from 'prom-client'
import type { KnownList } from './known-list.ts'

/** Figures of the lists, worked out whenever metrics are read; `stop` takes them away. */
export function listMetrics(registry: Registry, lists: readonly KnownList[]): { stop(): void } {
  const gauge = (name: string, help: string, of: (list: KnownList) => number): string => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['list'] as const,
        registers: [],
        collect() {
          for (const list of lists) this.set({ list: list.config.name }, of(list))
        },
      }),
    )
    return name
  }
  const failures = new Counter({
    name: 'gatewatch_scoring_list_failures_total',
    help: 'Looks for a new version of a list of known-bad addresses that failed.',
    labelNames: ['list'] as const,
    registers: [],
    collect() {
      this.reset()
      for (const list of lists) this.inc({ list: list.config.name }, list.failures)
    },
  })
  registry.registerMetric(failures)
  const names = [
    'gatewatch_scoring_list_failures_total',
    gauge(
      'gatewatch_scoring_list_entries',
      'Entries of a list of known-bad addresses.',
      (list) => list.entries,
    ),
    gauge(
      'gatewatch_scoring_list_unread',
      'Lines or indicators of a list that are not understood.',
      (list) => list.unread,
    ),
    gauge(
      'gatewatch_scoring_list_age_seconds',
      'Time since a list was last found to be current.',
      (list) => list.ageMs / 1000,
    ),
    gauge(
      'gatewatch_scoring_list_refresh_seconds',
      'How often a list is to be looked at.',
      (list) => list.config.refresh / 1000,
    ),
  ]
  return {
    stop() {
      for (const name of names) registry.removeSingleMetric(name)
    },
  }
}
