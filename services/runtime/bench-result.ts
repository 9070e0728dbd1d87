/** What one benchmark found; printed as one line with `--json`. */
export interface BenchResult {
  readonly name: string
  /** By name, with the unit in the name. */
  readonly figures: Readonly<Record<string, number>>
  /** Processors of the machine. */
  readonly cores: number
  /** How long the whole benchmark took. */
  readonly seconds: number
}

export interface BenchOptions {
  /** A directory of the benchmark's own, empty, removed afterwards. */
  readonly directory: string
  /** 1 is the size that figures are quoted at; tests run a small part. */
  readonly scale: number
  /** Which event log what is measured runs on, where it can be either. */
  readonly log: 'embedded' | 'kafka'
}

/** Processor time of this process in seconds, all its threads: what a shared machine can't falsify as it can the clock. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
