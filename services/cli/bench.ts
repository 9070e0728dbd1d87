import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { BenchOptions, BenchResult } from '../runtime/bench-result.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

/** Every benchmark by name; each loads what it needs when it is run. */
const BENCHMARKS: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<BenchResult>>>> = {
  loop: async () => (await import('./bench/loop.ts')).benchLoop,
  scoring: async () => (await import('../scoring/bench/scoring.ts')).benchScoring,
  kafka: async () => (await import('./bench/kafka.ts')).benchKafka,
  restore: async () => (await import('./bench/restore.ts')).benchRestore,
  storage: async () => (await import('./bench/storage.ts')).benchStorage,
  import: async () => (await import('../collector/bench/import.ts')).benchImport,
}

const LOGS = ['embedded', 'kafka'] as const
type Log = (typeof LOGS)[number]

/** `gatewatch bench [NAME]`: a table for people, one line a benchmark with `--json`. */
export function declareBench(program: Command, context: CliContext): void {
  const names = Object.keys(BENCHMARKS)
  program
    .command('bench')
    .argument('[name]', `one of ${names.join(', ')}; none: all`)
    .option('--json', 'one line of JSON a benchmark')
    .option('--scale <share>', 'share of the full size, for a quick look', '1')
    .addOption(
      new Option('--log <driver>', 'what loop and restore run on')
        .choices(LOGS)
        .default('embedded' satisfies Log),
    )
    .description('what this machine does, measured')
    .action((name: string | undefined, options: { json?: boolean; scale: string; log: Log }) =>
      context.guard(async () => {
        const scale = Number(options.scale)
        if (!(scale > 0 && scale <= 10))
          throw new GatewatchError('ERR_USAGE', '--scale must be above 0 and at most 10.')
        for (const each of name === undefined ? names : [name]) {
          const load = BENCHMARKS[each]
          if (load === undefined) {
            throw new GatewatchError(
              'ERR_USAGE',
              `There is no benchmark '${each}'; there are ${names.join(', ')}.`,
            )
          }
          const result = await runIn(await load(), { scale, log: options.log })
          context.io.stdout.write(options.json ? `${JSON.stringify(result)}\n` : page(result))
        }
      }),
    )
}

async function runIn(
  run: (options: BenchOptions) => Promise<BenchResult>,
  options: Omit<BenchOptions, 'directory'>,
): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-bench-'))
  try {
    return await run({ directory, ...options })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function page({ name, figures, cores, seconds }: BenchResult): string {
  const rows = Object.entries(figures).map(([figure, value]) => [figure, value.toLocaleString('en')])
  return `${name} (${cores} cores, ${seconds} s)\n${table(['figure', 'value'], rows)}\n`
}
