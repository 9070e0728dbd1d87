import { InvalidArgumentError, type Command } from 'commander'
import type { Finding } from '../../schemas/finding.ts'
import type { Comparison } from '../scoring/compare-replay.ts'
import type { CliContext } from './context.ts'
import type { ReplayRun } from './replay/run-replay.ts'

interface ReplayFlags {
  readonly from?: number
  readonly to?: number
  readonly json?: boolean
  readonly candidate?: string
  readonly exitCode?: boolean
}

/** Differences that are listed one by one. */
const LISTED = 20

/**
 * `gatewatch replay`: what is in the log scored again, and how that differs
 * from what was found. Exit code 1 when it does; with a candidate a difference
 * is what was asked for, and no failure unless `--exit-code` says so.
 */
export function declareReplay(program: Command, context: CliContext): void {
  program
    .command('replay')
    .option('--from <instant>', 'compare what was observed from then on (default: all)', instant)
    .option('--to <instant>', 'and before then', instant)
    .option('--candidate <file>', 'score with the scoring section of this configuration instead')
    .option('--exit-code', 'with a candidate too: exit code 1 when a finding is gone, new or changed')
    .option('--json', 'one line of JSON')
    .description('score all that the log holds again, and compare with what was found')
    .action((flags: ReplayFlags) =>
      context.withRuntime(async (runtime, config) => {
        const [{ runReplay }, { progressBar }] = await Promise.all([
          import('./replay/run-replay.ts'),
          import('./progress-bar.ts'),
        ])
        const { candidate } = flags
        const scoring =
          candidate === undefined ? undefined : (await context.loadConfig({}, candidate)).scoring
        const range = {
          ...(flags.from === undefined ? {} : { from_ms: flags.from }),
          ...(flags.to === undefined ? {} : { to_ms: flags.to }),
        }
        const bar = progressBar(context.io, 'scoring again {bar} {percentage}%  {eta_formatted} left')
        let run: ReplayRun
        try {
          run = await runReplay(runtime, {
            range,
            scoring: config.scoring,
            candidate: scoring,
            progress: (done, total) => bar.show(done, total),
          })
        } finally {
          bar.stop()
        }
        for (const note of run.notes) context.io.stderr.write(`${note}\n`)
        const { compared, facts } = run
        if (flags.json === true)
          context.io.stdout.write(
            `${JSON.stringify({ ...compared, ...(facts === undefined ? {} : { facts }) })}\n`,
          )
        else context.io.stdout.write(await textOf(run))
        return (candidate === undefined || flags.exitCode === true) && differs(compared, candidate) ? 1 : 0
      }),
    )
}

/** As the log says it, every revision counts; a candidate is judged by findings. */
function differs({ other, missing, surplus, findings }: Comparison, candidate: string | undefined): boolean {
  if (candidate === undefined) return other.length + missing.length + surplus.length > 0
  return findings.gone.length + findings.fresh.length + findings.changed.length > 0
}

async function textOf({ compared, facts }: ReplayRun): Promise<string> {
  const { records, same, other, missing, surplus, looked_up, findings } = compared
  const counted = (count: number): string => count.toLocaleString('en')
  const scored = `${counted(records)} records scored again`
  if (facts !== undefined) {
    const [{ differenceText, factsText }, { plainText }] = await Promise.all([
      import('./replay/difference-text.ts'),
      import('../feedback/alerts/plain-text.ts'),
    ])
    const { gone, fresh, changed, alike } = findings
    return `${differenceText(compared, plainText)}\n${factsText(facts)}${scored}: ${counted(alike)} findings as they were, ${counted(gone.length)} gone, ${counted(fresh.length)} new, ${counted(changed.length)} changed.\n`
  }
  const lookedUp =
    looked_up === 0
      ? ''
      : `The facts of ${counted(looked_up)} decisions are not in the log any more; they were looked up again.\n`
  return [
    listed('now otherwise', other),
    listed('only now', missing),
    listed('only then', surplus),
    lookedUp,
    `${scored}: ${same} of the findings as they were, ${other.length + missing.length + surplus.length} otherwise.\n`,
  ].join('')
}

function listed(what: string, findings: readonly Finding[]): string {
  return findings
    .slice(0, LISTED)
    .map(
      ({ id, revision, detector, risk_level, observed_at }) =>
        `${what}  ${observed_at}  ${detector.id} ${risk_level}  ${id}, revision ${revision}\n`,
    )
    .join('')
}

function instant(text: string): number {
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('It must be an instant such as 2026-01-31T08:00:00Z.')
  return atMs
}
