import { Gauge, type Registry } from 'prom-client'
import type { CanaryStage } from '../../schemas/canary.ts'

const NAME = 'gatewatch_canary_age_seconds'

/** The one gauge of a process: its parts see canaries in different stages. */
export function canaryAge(registry: Registry): Gauge<'stage'> {
  const there = registry.getSingleMetric(NAME)
  if (there instanceof Gauge) return there
  return new Gauge({
    name: NAME,
    help: 'Seconds since the newest canary was decided that got as far as this stage; of the gateway that is worst off.',
    labelNames: ['stage'],
    registers: [registry],
  })
}

export function noteCanaryAge(gauge: Gauge<'stage'>, stage: CanaryStage, seconds: number): void {
  gauge.set({ stage }, seconds)
}
