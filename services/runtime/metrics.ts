import { Registry, collectDefaultMetrics } from 'prom-client'

/** A registry of its own, with the process's figures (memory, event loop, garbage collection). */
export function createMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'gatewatch_' })
  return registry
}
