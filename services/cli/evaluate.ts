import { InvalidArgumentError, type Command } from 'commander'
import type { ScoringConfig } from '../scoring/config.ts'
import type { CliContext } from './context.ts'

interface EvaluateFlags {
  readonly json?: boolean
  readonly verdicts?: string
  readonly findingsPerDay?: number
  readonly warmUpDays: number
  readonly networks?: string
  readonly list?: readonly ListFlag[]
  readonly rules?: string
}

interface ListFlag {
  readonly name: string
  readonly file: string
}

/** `gatewatch evaluate`: labelled decisions are scored, and what was found is held against what really happened. */
export function declareEvaluate(program: Command, context: CliContext): void {
  program
    .command('evaluate')
    .argument('<directory>', 'holds decisions.jsonl or decisions.jsonl.gz, and truth.jsonl')
    .option('--json', 'one line of JSON')
    .option('--warm-up-days <n>', 'days at first that are told apart: nothing is known yet', wholeDays, 7)
    .option('--findings-per-day <n>', 'the budget; default scoring.findings_per_day', budgetOf)
    .option(
      '--verdicts <file>',
      'write each finding there, with what it was held to be; one line of JSON each',
    )
    .option('--networks <file>', 'networks that the operator knows; default scoring.networks_file')
    .option(
      '--list <name=file>',
      'known-bad addresses, one a line; may be given several times; default scoring.lists',
      listsOf,
    )
    .option('--rules <directory>', 'Sigma rules that take part; default scoring.rules')
    .description('score labelled decisions and say what of the truth was found, how soon and at what price')
    .action((directory: string, flags: EvaluateFlags) =>
      context.guard(async () => {
        const config = await context.loadConfig()
        const [
          { scoringStages },
          { openPipeline },
          { openOperatorFiles },
          { evaluate },
          { report },
          { table },
          { progressBar },
        ] = await Promise.all([
          import('../scoring/main.ts'),
          import('../scoring/replay/pipeline.ts'),
          import('../scoring/replay/operator-files.ts'),
          import('../evaluate/evaluate.ts'),
          import('../evaluate/report.ts'),
          import('./table.ts'),
          import('./progress-bar.ts'),
        ])
        const scoring = await withFiles(config.scoring, flags)
        const budget = flags.findingsPerDay ?? scoring.findings_per_day
        const { createLogger, terminalDestination } = await import('../runtime/logger.ts')
        const logger = createLogger({ level: 'error', destination: terminalDestination(process.stderr) })
        const files = await openOperatorFiles(scoring, { dataDir: config.data_dir, logger })
        for (const problem of files.problems) context.io.stderr.write(`${problem}\n`)
        for (const name of files.unread_lists)
          context.io.stderr.write(`The list ${name} is not kept on this machine and takes no part.\n`)
        const stages = scoringStages(files.enrich, scoring)
        const { step, evenness } = openPipeline({ stages, budget, rules: files.rules })
        const bar = progressBar(context.io, 'scoring {bar} {percentage}%  {eta_formatted} left')
        const verdicts: string[] = []
        let offset = 0
        let clockMs = 0
        try {
          const evaluation = await evaluate(directory, {
            budget,
            warm_up_days: flags.warmUpDays,
            evenness,
            score(lines) {
              const records = lines.map(({ key, bytes, at_ms }) => {
                clockMs = Math.max(clockMs, at_ms)
                // The log's clock goes by the newest event: nothing is ahead of it.
                return { offset: offset++, key, value: bytes, headers: {}, appended_ms: clockMs }
              })
              const { input: topic } = stages.subject
              const first_offset = records[0]?.offset ?? offset
              return step({ topic, partition: 0, records, first_offset, last_offset: offset - 1 }).findings
            },
            progress: (read, total) => bar.show(read, total),
            ...(flags.verdicts === undefined
              ? {}
              : { told: (verdict) => void verdicts.push(`${JSON.stringify(verdict)}\n`) }),
          })
          bar.stop()
          if (flags.verdicts !== undefined) await writeVerdicts(flags.verdicts, verdicts)
          if (flags.json === true) {
            context.io.stdout.write(`${JSON.stringify(evaluation)}\n`)
            return
          }
          const { lines, sections } = report(evaluation)
          context.io.stdout.write(`${lines.join('\n')}\n`)
          for (const { title, head, rows } of sections)
            context.io.stdout.write(`\n${title}\n${table(head, rows)}`)
        } finally {
          bar.stop()
        }
      }),
    )
}

async function writeVerdicts(path: string, verdicts: readonly string[]): Promise<void> {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(path, verdicts)
}

/** The section `scoring` with what the command line says instead. */
async function withFiles(scoring: ScoringConfig, flags: EvaluateFlags): Promise<ScoringConfig> {
  const { networks, list, rules } = flags
  const [{ ListConfig }, { RulesConfig }] = await Promise.all([
    import('../scoring/lists/config.ts'),
    import('../scoring/rules/config.ts'),
  ])
  return {
    ...scoring,
    ...(networks === undefined ? {} : { networks_file: networks }),
    ...(list === undefined
      ? {}
      : { lists: list.map(({ name, file }) => ListConfig.parse({ name, file, kind: 'plain' })) }),
    ...(rules === undefined
      ? {}
      : { rules: RulesConfig.parse({ ...scoring.rules, refresh: undefined, directory: rules }) }),
  }
}

function listsOf(text: string, before: readonly ListFlag[] = []): readonly ListFlag[] {
  const [, name, file] = /^([a-z0-9][a-z0-9-]{0,31})=(.+)$/.exec(text) ?? []
  if (name === undefined || file === undefined)
    throw new InvalidArgumentError('must be a name of a-z 0-9 -, an equals sign and a file.')
  if (before.length >= 16 || before.some((each) => each.name === name))
    throw new InvalidArgumentError('each list needs a name of its own, and there may be 16.')
  return [...before, { name, file }]
}

function wholeDays(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('must be a whole number of days.')
  return Number(text)
}

function budgetOf(text: string): number {
  const budget = Number(text)
  if (text === '' || !(budget >= 0 && budget <= 900))
    throw new InvalidArgumentError('must be a number from 0 to 900.')
  return budget
}
