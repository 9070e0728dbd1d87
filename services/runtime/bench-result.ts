/** What one benchmark found; printed as one line with `--json`. */
export interface BenchResult {
  readonly name: string
  /** By name, with the unit in the name. */
  readonly figures: Readonly<Record<string, number>>
  /** Processors of the machine. */
  readonly cores: number
  /** How long the whole benchmark took. */
  readonly seconds: number
  /** For people, below the figures; left out of `--json`. */
  readonly details?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
}

export interface BenchOptions {
  /** A directory of the benchmark's own, empty and removed afterwards, or one that was asked for and stays. */
  readonly directory: string
  /** 1 is the size that figures are quoted at; tests run a small part. */
  readonly scale: number
  /** Which event log what is measured runs on, where it can be either. */
  readonly log: 'embedded' | 'kafka'
  /** Instead of what `scale` makes of the full size, where a benchmark generates rows. */
  readonly rows?: number
  /** Told while something takes long. */
  readonly progress?: (what: string, unit: string, done: number, all: number) => void
}

/** Processor time of this process in seconds, all its threads: what a shared machine can't falsify as it can the clock. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
