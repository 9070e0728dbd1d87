import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { instantOf } from './instant.ts'
import { progressBar } from './progress-bar.ts'

interface VerifyCommandOptions {
  readonly from?: string
  readonly to?: string
  readonly pep?: string
  readonly checkpoints?: string[]
  readonly rotateKey?: boolean
  readonly json?: boolean
}

/** Exit codes: nothing is wrong, something is, and nothing is but not all could be decided. */
const EXIT = { proven: 0, refuted: 1, undecided: 3 } as const
/** How long decisions that the log has may take to be stored. */
const PATIENCE_MS = 10_000

/** `gatewatch verify`: is what is stored what was decided, all of it and nothing else? */
export function declareVerify(program: Command, context: CliContext): void {
  program
    .command('verify')
    .option('--from <instant>', 'first instant of event time (default: a day before the end)')
    .option('--to <instant>', 'last instant of event time (default: as far as checkpoints reach)')
    .option('--pep <id>', 'one enforcement point only')
    .option('--checkpoints <path...>', 'more checkpoints: files or directories kept outside')
    .option('--rotate-key', 'make a new signing key, vouched for by the old one, and end')
    .option('--json', 'one JSON object')
    .description(
      'prove or refute that stored decisions are complete and unaltered (exit code 0, 1; 3: in part)',
    )
    .action((options: VerifyCommandOptions) =>
      context.withRuntime(async (runtime, config) => {
        const { io } = context
        if (options.rotateKey === true) {
          const { rotateSigningKey } = await import('../runtime/checkpoints/signing-key.ts')
          const { key_id, public_key } = await rotateSigningKey(runtime.dataDir, Date.now())
          io.stdout.write(
            `New signing key ${key_id} (${public_key}); gateways sign with it from their next start on.\n`,
          )
          return 0
        }
        const range = { from_ms: instantOf(options.from, '--from'), to_ms: instantOf(options.to, '--to') }
        const [
          { runVerify },
          { reportText },
          { openTrust },
          { openStore },
          { openClickHouse },
          { checkpointDirectory },
          { migrate },
          { decisionsKeptMs },
          { openExpiry },
        ] = await Promise.all([
          import('../verify/run-verify.ts'),
          import('../verify/report-text.ts'),
          import('../verify/checkpoints/trust.ts'),
          import('../runtime/clickhouse/open-store.ts'),
          import('../runtime/clickhouse/client.ts'),
          import('../runtime/checkpoints/signer.ts'),
          import('../runtime/clickhouse/migrate.ts'),
          import('../storage/retention/config.ts'),
          import('../verify/expiry.ts'),
        ])
        const { dataDir, eventLog, logger } = runtime
        const now_ms = Date.now()
        const store = await openStore({ dataDir, settings: config.clickhouse, logger })
        const client = openClickHouse(store.endpoint)
        if (store.from === 'own-engine') await migrate(client)
        const bar = progressBar(io, 'verifying {bar} {percentage}%  {value} of {total} decisions')
        try {
          const report = await runVerify({
            eventLog,
            client,
            trust: await openTrust({
              dataDir,
              configured: config.verify.trusted_keys,
              // Without another machine every chain is signed with this directory's own key.
              pin_first: config.kafka !== undefined,
              now: Date.now,
            }),
            checkpoint_paths: [
              checkpointDirectory(dataDir, config.checkpoints),
              ...config.verify.checkpoint_files,
              ...(options.checkpoints ?? []),
            ],
            ...range,
            pep: options.pep,
            expiry: await openExpiry(dataDir, decisionsKeptMs(config.storage.retention), now_ms, {
              remember: false,
            }),
            slice_rows: config.verify.slice_rows,
            patience_ms: PATIENCE_MS,
            now_ms,
            progress: bar.show,
          })
          bar.stop()
          io.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : reportText(report))
          return EXIT[report.verdict]
        } finally {
          bar.stop()
          await client.close()
          await store.stop()
        }
      }),
    )
}
