import { Counter, Gauge, type Registry } from 'prom-client'
import type { KnownList } from './known-list.ts'

/** Figures of the lists, worked out whenever metrics are read; `stop` takes them away. */
export function listMetrics(registry: Registry, lists: readonly KnownList[]): { stop(): void } {
  const show = (gauge: Gauge, of: (list: KnownList) => number): void => {
    for (const list of lists) gauge.set({ list: list.config.name }, of(list))
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
  const entries = new Gauge({
    name: 'gatewatch_scoring_list_entries',
    help: 'Entries of a list of known-bad addresses.',
    labelNames: ['list'] as const,
    registers: [],
    collect() {
      show(this, (list) => list.entries)
    },
  })
  const unread = new Gauge({
    name: 'gatewatch_scoring_list_unread',
    help: 'Lines or indicators of a list that are not understood.',
    labelNames: ['list'] as const,
    registers: [],
    collect() {
      show(this, (list) => list.unread)
    },
  })
  const age = new Gauge({
    name: 'gatewatch_scoring_list_age_seconds',
    help: 'Time since a list was last found to be current.',
    labelNames: ['list'] as const,
    registers: [],
    collect() {
      show(this, (list) => list.ageMs / 1000)
    },
  })
  const refresh = new Gauge({
    name: 'gatewatch_scoring_list_refresh_seconds',
    help: 'How often a list is to be looked at.',
    labelNames: ['list'] as const,
    registers: [],
    collect() {
      show(this, (list) => list.config.refresh / 1000)
    },
  })
  const names = ['failures_total', 'entries', 'unread', 'age_seconds', 'refresh_seconds']
  for (const metric of [failures, entries, unread, age, refresh]) registry.registerMetric(metric)
  return {
    stop() {
      for (const name of names) registry.removeSingleMetric(`gatewatch_scoring_list_${name}`)
    },
  }
}
