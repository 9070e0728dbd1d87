import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { Finding } from '../../schemas/finding.ts'
import type { CliContext } from './context.ts'

interface FindingsFlags {
  readonly follow?: boolean
  readonly json?: boolean
  readonly ocsf?: boolean
  readonly tenant?: string
  readonly limit?: number
}

/** How many are shown to a person who did not say. */
const SHOWN = 50

/** `gatewatch findings`: what the detectors said, read from the log itself. */
export function declareFindings(program: Command, context: CliContext): void {
  program
    .command('findings')
    .option('-f, --follow', 'go on with what comes')
    .option('--json', 'one finding a line, as in schemas/finding.ts')
    .option('--ocsf', 'one OCSF 1.8.0 Detection Finding a line')
    .option('-t, --tenant <name>', 'only this tenant (default: all)')
    .option('-n, --limit <count>', `at most the newest so many (default: ${SHOWN}, with --json all)`, count)
    .description('list what was found, the newest last; a finding that went on is listed once')
    .action((flags: FindingsFlags) =>
      context.withRuntime(async ({ eventLog }) => {
        const { MAX_FINDINGS, followFindings, readFindings } = await import('../feedback/read-findings.ts')
        const { findingToOcsf } = await import('../../schemas/ocsf.ts')
        const { plainText } = await import('../feedback/alerts/plain-text.ts')
        const filter = flags.tenant === undefined ? {} : { tenant: flags.tenant }
        const forMachines = flags.json === true || flags.ocsf === true
        const print = (finding: Finding) =>
          context.io.stdout.write(
            forMachines
              ? `${JSON.stringify(flags.ocsf === true ? findingToOcsf(finding) : finding)}\n`
              : lineOf(finding, plainText),
          )
        const limit = flags.limit ?? (forMachines ? MAX_FINDINGS : SHOWN)
        const { findings, position } = await readFindings(eventLog, filter, limit)
        for (const finding of findings) print(finding)
        if (flags.follow !== true) {
          if (findings.length === 0 && !forMachines) context.io.stderr.write('Nothing was found yet.\n')
          return
        }
        const stopping = new AbortController()
        const stop = () => stopping.abort()
        process.once('SIGINT', stop)
        process.once('SIGTERM', stop)
        try {
          const { unheard = stopping.signal } = context.io
          const ended = AbortSignal.any([stopping.signal, unheard])
          for await (const finding of followFindings(eventLog, filter, position, ended)) print(finding)
        } finally {
          process.off('SIGINT', stop)
          process.off('SIGTERM', stop)
        }
      }),
    )
}

/** What outsiders may have written (a user name) must not steer the terminal. */
function lineOf(finding: Finding, plain: (text: string, max: number) => string): string {
  const about = plain(`${finding.entity.type} ${finding.entity.id}`, 40)
  return `${finding.observed_at}  ${finding.risk_level.padEnd(6)}  ${finding.detector.id.padEnd(24)}  ${about.padEnd(40)}  ${plain(finding.summary, 512)}\n`
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('give a number from 1 to 999999.')
  return Number(text)
}
