import cliProgress from 'cli-progress'
import { InvalidArgumentError, type Command } from 'commander'
import type { CliContext } from './context.ts'
import type { CliIo } from './io.ts'

interface EvaluateFlags {
  readonly json?: boolean
  readonly verdicts?: string
  readonly findingsPerDay?: number
  readonly warmUpDays: number
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
    .description('score labelled decisions and say what of the truth was found, how soon and at what price')
    .action((directory: string, flags: EvaluateFlags) =>
      context.guard(async () => {
        const config = await context.loadConfig()
        const [{ openEnrich, scoringStages }, { replayInOrder }, { evaluate }, { report }, { table }] =
          await Promise.all([
            import('../scoring/main.ts'),
            import('../scoring/replay.ts'),
            import('../evaluate/evaluate.ts'),
            import('../evaluate/report.ts'),
            import('./table.ts'),
          ])
        const budget = flags.findingsPerDay ?? config.scoring.findings_per_day
        const { step, evenness } = replayInOrder(
          scoringStages(await openEnrich(config.scoring), config.scoring),
          budget,
        )
        const bar = evaluateBar(context.io.stderr)
        const verdicts: string[] = []
        let offset = 0
        let clockMs = 0
        try {
          const evaluation = await evaluate(directory, {
            budget,
            warm_up_days: flags.warmUpDays,
            evenness,
            score: (lines) =>
              step(
                lines.map(({ key, bytes, at_ms }) => {
                  clockMs = Math.max(clockMs, at_ms)
                  // The log's clock goes by the newest event: nothing is ahead of it.
                  return { offset: offset++, key, value: bytes, headers: {}, appended_ms: clockMs }
                }),
              ),
            progress: (read, total) => bar.to(read, total),
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

/** For a person who watches; in a file it would be noise. */
function evaluateBar(out: CliIo['stderr']): { to(read: number, total: number): void; stop(): void } {
  if (out.isTTY !== true) return { to() {}, stop() {} }
  const bar = new cliProgress.SingleBar({
    format: 'scoring {bar} {percentage}%  {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
  })
  let running = false
  return {
    to(read, total) {
      if (!running) bar.start(Math.max(1, total), 0)
      running = true
      bar.update(read)
    },
    stop() {
      if (running) bar.stop()
      running = false
    },
  }
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
