import type { Figure, FigureName } from './figures.ts'

/** Of what a core was measured to do, a plan uses this much: the rest is for peaks, catching up, and a lost machine. */
const UTILISATION = 0.6
/** More partitions than workers, so that each worker has several and work can be spread again. */
const PARTITIONS_A_WORKER = 2
const PARTITIONS_STEP = 12
/** `kafka.partitions` takes no more. */
const MAX_PARTITIONS = 512
const REPLICAS = 3
const LOG_DAYS = 7
/** How long the log may be away before a gateway's spool is full. */
const SPOOL_SECONDS = 3600
const DAY_SECONDS = 86_400

export interface Plan {
  readonly rate: number
  /** Installations side by side, each with its own topics, ledger and tenants. */
  readonly cells: number
  readonly gateways: number
  readonly scoring: number
  readonly partitions: number
  /** Null where a figure that it follows from was not measured. */
  readonly storage: number | null
  readonly log_in_bytes_a_second: number
  readonly log_replicated_bytes_a_second: number
  readonly log_disk_bytes: number
  readonly store_disk_bytes_a_day: number | null
  readonly state_bytes_a_million: number
  readonly spool_bytes_a_gateway: number
}

/**
 * How many of everything a rate of decisions a second needs. Network and disk
 * of the log are uncompressed: with zstd less, by what the traffic is like.
 */
export function planFor(rate: number, figures: Readonly<Record<FigureName, Figure>>): Plan {
  // One feedback process sees all decisions of its cell go by; it can't be shared out.
  const cells = Math.ceil(rate / (needed(figures.usage_per_core.value) * UTILISATION))
  const processes = (figure: Figure): number | null =>
    figure.value === null ? null : Math.max(2, Math.ceil(rate / cells / (figure.value * UTILISATION))) * cells
  const gateways = needed(processes(figures.gateway_per_core))
  const scoring = needed(processes(figures.scoring_per_core))
  const per_cell = Math.ceil((scoring / cells) * PARTITIONS_A_WORKER)
  const log = rate * needed(figures.log_bytes.value)
  const { stored_bytes } = figures
  return {
    rate,
    cells,
    gateways,
    scoring,
    partitions: Math.min(MAX_PARTITIONS, Math.ceil(per_cell / PARTITIONS_STEP) * PARTITIONS_STEP),
    storage: processes(figures.storage_per_core),
    log_in_bytes_a_second: log,
    log_replicated_bytes_a_second: log * REPLICAS,
    log_disk_bytes: log * DAY_SECONDS * LOG_DAYS * REPLICAS,
    store_disk_bytes_a_day: stored_bytes.value === null ? null : rate * DAY_SECONDS * stored_bytes.value,
    state_bytes_a_million: needed(figures.entity_bytes.value) * 1_000_000,
    spool_bytes_a_gateway: (rate / gateways) * SPOOL_SECONDS * needed(figures.spool_bytes.value),
  }
}

function needed(value: number | null): number {
  if (value === null) throw new TypeError('a figure that every plan needs was not measured')
  return value
}
