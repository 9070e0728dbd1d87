import type { Command } from 'commander'
import type { CaseAbout } from '../../schemas/case-file.ts'
import { GatewatchError } from '../runtime/errors.ts'
import { progressBar } from './progress-bar.ts'
import type { CliContext } from './context.ts'
import { instantOf } from './instant.ts'

interface CaseFlags {
  readonly finding?: string
  readonly story?: string
  readonly decision?: string
  readonly tenant?: string
  readonly from?: string
  readonly to?: string
  readonly out?: string
  readonly format?: string
  readonly decisions?: string
}

/** Exit codes of a check, as of `gatewatch verify`. */
const EXIT = { proven: 0, refuted: 1, undecided: 3 } as const

/** `gatewatch case`: everything about a subject, a finding or a story in one file that proves itself. */
export function declareCase(program: Command, context: CliContext): void {
  const command = program
    .command('case')
    .argument('[subject]', 'alice, service:backup, or any entity by its type: source/192.0.2.0/24')
    .option('--finding <id>', 'the case of a finding')
    .option('--story <id>', 'the case of a story')
    .option('--decision <id>', 'the case of one decision')
    .option('-t, --tenant <name>', 'the tenant (default: the configured one)')
    .option('--from <instant>', 'first instant of event time (default: what fits)')
    .option('--to <instant>', 'end of event time (default: what fits)')
    .option('-o, --out <file>', 'where to write (default: the standard output)')
    .option('--format <name>', 'json or html (default: by the name of the file, else json)')
    .option('--decisions <count>', 'decisions at most, 1 to 5000 (default: 1000)')
    .description(
      'write a case file: decisions, findings, risk and verdicts, with the proof of the hash chain',
    )
    .action((subject: string | undefined, flags: CaseFlags) => writeCase(context, subject, flags))
  command
    .command('check')
    .argument('<file>', 'a case file, JSON or HTML')
    .option(
      '-k, --key <public-key...>',
      'public keys that you trust (default: those of this data directory and of verify.trusted_keys)',
    )
    .option('--json', 'one JSON object')
    .description(
      'check the proof in a case file with nothing but it and a public key (exit code 0, 1; 3: in part)',
    )
    .action((file: string, flags: { key?: string[]; json?: boolean }) =>
      context.guard(async () => {
        const [{ checkCaseFile }, { checkText }] = await Promise.all([
          import('../console/cases/check-file.ts'),
          import('../console/cases/check-text.ts'),
        ])
        const check = await checkCaseFile(file, new Set(flags.key ?? (await ownKeys(context))))
        context.io.stdout.write(flags.json === true ? `${JSON.stringify(check)}\n` : checkText(check))
        return EXIT[check.verdict]
      }),
    )
}

function writeCase(context: CliContext, subject: string | undefined, flags: CaseFlags): Promise<void> {
  return context.withRuntime(async (runtime, config) => {
    const [
      { openStore },
      { openCases },
      { checkpointDirectory },
      { writeWhole },
      { aboutOf },
      { renderCase },
      { erasedBefore },
      { erasureSecret },
    ] = await Promise.all([
      import('../runtime/clickhouse/open-store.ts'),
      import('../console/open-cases.ts'),
      import('../runtime/checkpoints/signer.ts'),
      import('../runtime/write-whole.ts'),
      import('../console/cases/about.ts'),
      import('../console/cases/render.ts'),
      import('../runtime/erasures/erased-before.ts'),
      import('../runtime/erasures/secret.ts'),
    ])
    const format = formatOf(flags)
    const limits = limitsOf(flags)
    const about = askedFor(subject, flags, aboutOf)
    const range = { from_ms: instantOf(flags.from, '--from'), to_ms: instantOf(flags.to, '--to') }
    const { dataDir, eventLog, logger } = runtime
    const key = () => erasureSecret(dataDir, config.erasure)
    const store = await openStore({ dataDir, settings: config.clickhouse, logger })
    const bar = progressBar(context.io, 'proving {bar} {percentage}%  {value} of {total} stretches')
    const cases = openCases(runtime, store.endpoint, [
      checkpointDirectory(dataDir, config.checkpoints),
      ...config.verify.checkpoint_files,
    ])
    try {
      const tenant = flags.tenant ?? config.tenant
      const file = await cases.build(
        { tenant, about, ...range },
        { now_ms: Date.now(), progress: bar.show, limits },
      )
      bar.stop()
      if (file === null) {
        const { entity } = about.kind === 'entity' ? about : { entity: null }
        const erased_before = entity && (await erasedBefore(eventLog, key)(tenant, entity))
        context.io.stderr.write(
          erased_before === null
            ? 'Nothing is known of it; see --tenant, and that --data-dir names the right directory.\n'
            : `It was erased on request: what was decided until ${erased_before} is kept without the person, and can be asked for by finding, story or decision.\n`,
        )
        return 1
      }
      const text = renderCase(file, format)
      if (flags.out === undefined) context.io.stdout.write(text)
      else {
        await writeWhole(flags.out, text)
        const { rows, left_out } = file.decisions
        const proven = rows.filter(({ unproven }) => unproven === null).length
        context.io.stderr.write(
          `Wrote ${flags.out}: ${rows.length} decisions, ${proven} of them proven${left_out > 0 ? `, ${left_out} left out` : ''}; ${file.findings.rows.length} findings. It names people: keep it as you keep their data.\n`,
        )
      }
      return 0
    } finally {
      bar.stop()
      await cases.stop()
      await store.stop()
    }
  })
}

function limitsOf({ decisions }: CaseFlags): { decisions?: number } {
  if (decisions === undefined) return {}
  if (/^[1-9]\d{0,3}$/.test(decisions) && Number(decisions) <= 5000) return { decisions: Number(decisions) }
  throw new GatewatchError('ERR_USAGE', '--decisions is a number from 1 to 5000.')
}

function formatOf({ format, out }: CaseFlags): 'json' | 'html' {
  const asked = format ?? (out?.endsWith('.html') === true ? 'html' : 'json')
  if (asked === 'json' || asked === 'html') return asked
  throw new GatewatchError('ERR_USAGE', '--format is json or html.')
}

function askedFor(
  subject: string | undefined,
  { finding, story, decision }: CaseFlags,
  aboutOf: (name: string) => CaseAbout | null,
): CaseAbout {
  const asked: (CaseAbout | null)[] = []
  if (subject !== undefined) asked.push(aboutOf(subject))
  if (finding !== undefined) asked.push({ kind: 'finding', id: finding })
  if (story !== undefined) asked.push({ kind: 'story', id: story })
  if (decision !== undefined) asked.push({ kind: 'decision', id: decision })
  const [about] = asked
  if (asked.length === 1 && about) return about
  throw new GatewatchError('ERR_USAGE', 'Name one subject, or one of --finding, --story and --decision.')
}

async function ownKeys(context: CliContext): Promise<string[]> {
  const config = await context.loadConfig()
  const { readKnownKeys } = await import('../runtime/checkpoints/signing-key.ts')
  const keys = await readKnownKeys(config.data_dir)
  return [...keys.map(({ public_key }) => public_key), ...config.verify.trusted_keys]
}
