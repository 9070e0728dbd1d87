import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { BenchOptions, BenchResult } from '../runtime/bench-result.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'
import { stepBar } from './bench/step-bar.ts'
import { table } from './table.ts'

/** Every benchmark by name; each loads what it needs when it is run. */
const BENCHMARKS: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<BenchResult>>>> = {
  loop: async () => (await import('./bench/loop.ts')).benchLoop,
  scoring: async () => (await import('../scoring/bench/scoring.ts')).benchScoring,
  replay: async () => (await import('../scoring/bench/replay.ts')).benchReplay,
  kafka: async () => (await import('./bench/kafka.ts')).benchKafka,
  restore: async () => (await import('./bench/restore.ts')).benchRestore,
  dashboards: async () => (await import('./bench/dashboards.ts')).benchDashboards,
  storage: async () => (await import('./bench/storage.ts')).benchStorage,
  import: async () => (await import('../collector/bench/import.ts')).benchImport,
}

const MOST_ROWS = 1_000_000_000
const LOGS = ['embedded', 'kafka'] as const
type Log = (typeof LOGS)[number]

interface Options {
  readonly json?: boolean
  readonly scale: string
  readonly log: Log
  readonly rows?: string
  readonly dir?: string
}

/** `gatewatch bench [NAME]`: a table for people, one line a benchmark with `--json`. */
export function declareBench(program: Command, context: CliContext): void {
  const names = Object.keys(BENCHMARKS)
  program
    .command('bench')
    .argument('[name]', `one of ${names.join(', ')}; none: all`)
    .option('--json', 'one line of JSON a benchmark')
    .option('--scale <share>', 'share of the full size, for a quick look', '1')
    .option('--rows <n>', 'dashboards: how many decisions to generate (default 1,000,000)')
    .option('--dir <directory>', 'dashboards: where, and kept; a run that was cut off goes on there')
    .addOption(
      new Option('--log <driver>', 'what loop and restore run on')
        .choices(LOGS)
        .default('embedded' satisfies Log),
    )
    .description('what this machine does, measured')
    .action((name: string | undefined, options: Options) =>
      context.guard(async () => {
        const scale = Number(options.scale)
        if (!(scale > 0 && scale <= 10))
          throw new GatewatchError('ERR_USAGE', '--scale must be above 0 and at most 10.')
        const rows = options.rows === undefined ? undefined : Number(options.rows)
        if (rows !== undefined && !(Number.isSafeInteger(rows) && rows > 0 && rows <= MOST_ROWS))
          throw new GatewatchError('ERR_USAGE', `--rows must be a whole number from 1 to ${MOST_ROWS}.`)
        if (name !== 'dashboards' && (rows !== undefined || options.dir !== undefined))
          throw new GatewatchError('ERR_USAGE', '--rows and --dir are for the benchmark dashboards.')
        for (const each of name === undefined ? names : [name]) {
          const load = BENCHMARKS[each]
          if (load === undefined) {
            throw new GatewatchError(
              'ERR_USAGE',
              `There is no benchmark '${each}'; there are ${names.join(', ')}.`,
            )
          }
          const bar = stepBar(context.io)
          try {
            const { details, ...result } = await runIn(
              await load(),
              { scale, log: options.log, progress: bar.show, ...(rows !== undefined && { rows }) },
              options.dir,
            )
            bar.stop()
            context.io.stdout.write(
              options.json ? `${JSON.stringify(result)}\n` : page({ ...result, ...(details && { details }) }),
            )
          } finally {
            bar.stop()
          }
        }
      }),
    )
}

async function runIn(
  run: (options: BenchOptions) => Promise<BenchResult>,
  options: Omit<BenchOptions, 'directory'>,
  kept: string | undefined,
): Promise<BenchResult> {
  if (kept !== undefined) return run({ directory: kept, ...options })
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-bench-'))
  try {
    return await run({ directory, ...options })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function page({ name, figures, cores, seconds, details }: BenchResult): string {
  const rows = Object.entries(figures).map(([figure, value]) => [figure, value.toLocaleString('en')])
  return `${name} (${cores} cores, ${seconds} s)\n${table(['figure', 'value'], rows)}\n${details === undefined ? '' : `${table(details.head, details.rows)}\n`}`
}
