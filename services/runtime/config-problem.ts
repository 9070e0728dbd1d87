import { GatewatchError } from './errors.ts'

/** One mistake in the configuration: where it is, and what must change. Never holds the value. */
export interface ConfigProblem {
  /** The file, or the name of the environment variable. */
  readonly source: string
  /** One-based line of the file; null for a variable, or a file that can't be read. */
  readonly line: number | null
  /** Dotted path of the setting, empty for the whole. */
  readonly path: string
  readonly message: string
}

/** Every mistake of a configuration at once. */
export class ConfigError extends GatewatchError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
    super(
      'ERR_CONFIG_INVALID',
      `The configuration has ${count}; correct them and start again:\n${problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** `gatewatch.yaml:12: gateway.port: must be …` */
function formatProblem(problem: ConfigProblem): string {
  const where = problem.line === null ? problem.source : `${problem.source}:${problem.line}`
  return problem.path === ''
    ? `${where}: ${problem.message}`
    : `${where}: ${problem.path}: ${problem.message}`
}
