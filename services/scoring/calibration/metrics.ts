import { Counter, Gauge, type Registry } from 'prom-client'
import type { Calibrators } from './calibrators.ts'

/** The counter of published calibrations; how even places are is read when the metrics are. One tenant stands for all: the one that is worst off. */
export function calibrationMetrics(registry: Registry, calibrators: Calibrators): Counter {
  // oxlint-disable-next-line no-new -- registers itself
  new Gauge({
    name: 'gatewatch_calibration_uniformity_p',
    help: 'How likely the p-values of a detector, as far from uniform as they are, come about by chance (Kolmogorov-Smirnov); the least of all tenants.',
    labelNames: ['detector'] as const,
    registers: [registry],
    collect() {
      this.reset()
      const least = new Map<string, number>()
      for (const [, calibrator] of calibrators.tenants)
        for (const { detector, p } of calibrator.evenness())
          least.set(detector, Math.min(p, least.get(detector) ?? 1))
      for (const [detector, p] of least) this.set({ detector }, p)
    },
  })
  return new Counter({
    name: 'gatewatch_calibration_published_total',
    help: 'Calibrations that were published.',
    registers: [registry],
  })
}
