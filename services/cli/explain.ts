import type { Command } from 'commander'
import type { CliContext } from './context.ts'

/** `gatewatch explain DECISION_ID`: why was it decided so, and what would help? */
export function declareExplain(program: Command, context: CliContext): void {
  program
    .command('explain')
    .argument('<decision-id>', 'as the refusal page, a finding or the console shows it')
    .option('--json', 'everything, as one JSON object')
    .description('rule, reasons, risk and findings of one decision, and what would help')
    .action((id: string, options: { json?: boolean }) =>
      context.withRuntime(async (runtime, config) => {
        const [{ openStore }, { openExplain }, { explanationText }] = await Promise.all([
          import('../runtime/clickhouse/open-store.ts'),
          import('../console/open-explain.ts'),
          import('../console/explanation-text.ts'),
        ])
        const { dataDir, logger } = runtime
        const store = await openStore({ dataDir, settings: config.clickhouse, logger })
        const asking = openExplain(runtime, config.console, store.endpoint)
        try {
          const explanation = await asking.explain(id)
          if (explanation === null) {
            context.io.stderr.write(
              'No decision has this id; copy the whole id, and see that --data-dir names the right directory.\n',
            )
            return 1
          }
          context.io.stdout.write(
            options.json ? `${JSON.stringify(explanation)}\n` : explanationText(explanation),
          )
          return 0
        } finally {
          await asking.stop()
          await store.stop()
        }
      }),
    )
}
