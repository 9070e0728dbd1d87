import { InvalidArgumentError, type Command } from 'commander'
import type { Finding } from '../../schemas/finding.ts'
import type { Comparison } from '../scoring/compare-replay.ts'
import type { CliContext } from './context.ts'

interface ReplayFlags {
  readonly from?: number
  readonly to?: number
  readonly json?: boolean
  readonly candidate?: string
}

/** Differences that are listed one by one. */
const LISTED = 20

/**
 * `gatewatch replay`: what is in the log scored again, and how that differs
 * from what was found. Exit code 1 when it does; with a candidate a difference
 * is what was asked for, and no failure.
 */
export function declareReplay(program: Command, context: CliContext): void {
  program
    .command('replay')
    .option('--from <instant>', 'compare what was observed from then on (default: all)', instant)
    .option('--to <instant>', 'and before then', instant)
    .option('--candidate <file>', 'score with the scoring section of this configuration instead')
    .option('--json', 'one line of JSON')
    .description('score all that the log holds again, and compare with what was found')
    .action((flags: ReplayFlags) =>
      context.withRuntime(async ({ eventLog }, config) => {
        const [{ openEnrich, scoringStages }, { compareReplay }] = await Promise.all([
          import('../scoring/main.ts'),
          import('../scoring/compare-replay.ts'),
        ])
        const { candidate } = flags
        const scoring =
          candidate === undefined ? config.scoring : (await context.loadConfig({}, candidate)).scoring
        const stages = scoringStages(await openEnrich(scoring), scoring)
        const range = {
          ...(flags.from === undefined ? {} : { from_ms: flags.from }),
          ...(flags.to === undefined ? {} : { to_ms: flags.to }),
        }
        const compared = await compareReplay(eventLog, stages, range, scoring.rules)
        const { records, same, other, missing, surplus } = compared
        const differences = other.length + missing.length + surplus.length
        if (flags.json === true) {
          context.io.stdout.write(`${JSON.stringify(compared)}\n`)
        } else {
          const list = (what: string, findings: readonly Finding[]) => {
            for (const { id, revision, detector, risk_level, observed_at } of findings.slice(0, LISTED)) {
              context.io.stdout.write(
                `${what}  ${observed_at}  ${detector.id} ${risk_level}  ${id}, revision ${revision}\n`,
              )
            }
          }
          list('now otherwise', other)
          list('only now', missing)
          list('only then', surplus)
          if (candidate !== undefined) context.io.stdout.write(await difference(compared))
          context.io.stdout.write(
            `${records.toLocaleString('en')} records scored again: ${same} of the findings as they were, ${differences} otherwise.\n`,
          )
        }
        return differences === 0 || candidate !== undefined ? 0 : 1
      }),
    )
}

/** What a candidate would change: findings, not revisions. */
async function difference({ detectors }: Comparison): Promise<string> {
  const { table } = await import('./table.ts')
  const rows = Object.entries(detectors).map(([id, { logged, replayed, both }]) => [
    id,
    ...[logged, replayed, replayed - both, logged - both].map(String),
  ])
  return rows.length === 0 ? '' : table(['detector', 'then', 'now', 'only now', 'only then'], rows)
}

function instant(text: string): number {
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('It must be an instant such as 2026-01-31T08:00:00Z.')
  return atMs
}
