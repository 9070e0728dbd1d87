import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

export type SpoolMetrics = ReturnType<typeof spoolMetrics>

/** What the spool counts. */
export function spoolMetrics(registry: Registry) {
  const registers = [registry]
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `gatewatch_gateway_spool_${name}`, help, registers })
  const counter = (name: string, help: string) =>
    new Counter({ name: `gatewatch_gateway_spool_${name}_total`, help, registers })
  return {
    bytes: gauge('bytes', 'Bytes on disk of decisions that wait for the log'),
    maxBytes: gauge('max_bytes', 'Bound of gatewatch_gateway_spool_bytes'),
    waiting: gauge('waiting_decisions', 'Decisions that wait for the log'),
    full: gauge('full', '1 while the spool takes nothing more, by its bound or by the disk'),
    spooled: counter('spooled_decisions', 'Decisions that went to the spool'),
    drained: counter('drained_decisions', 'Decisions that went from the spool to the log'),
    tornTails: counter('torn_tails', 'Writes torn by a crash that were cut off at a start'),
    damaged: counter('damaged', 'Stretches of the spool that could not be read'),
    missing: counter('missing_decisions', 'Decisions that were in the spool and could not be read any more'),
  }
}
