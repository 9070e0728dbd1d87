import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Store } from '../runtime/clickhouse/open-store.ts'
import type { CliContext } from './context.ts'

interface QueryOptions {
  readonly format?: string
  readonly json?: boolean
}

/** `gatewatch query SQL`: asks the store, as an account that can only read. */
export function declareQuery(program: Command, context: CliContext): void {
  program
    .command('query')
    .argument('<sql>', 'one statement that reads, or - to read it from the standard input')
    .option('-f, --format <name>', "any of ClickHouse's output formats (default: a table)")
    .option('--json', 'one row a line, as JSON')
    .description(
      'ask the store in SQL (tables: decisions, findings, stories, risk_states, verdicts, dead_letters)',
    )
    .action((sql: string, options: QueryOptions) =>
      context.guard(async () => {
        const statement = sql === '-' ? await readAll(process.stdin) : sql
        const { ask } = await import('../runtime/clickhouse/ask.ts')
        const answer = await withStore(context, (store) =>
          ask(store.endpoint, statement, {
            format: options.format ?? (options.json === true ? 'JSONEachRow' : 'PrettyCompactMonoBlock'),
            color: context.io.stdout.isTTY === true,
          }),
        )
        context.io.stdout.write(answer)
      }),
    )
}

/** Runs on the store that the configuration means, migrated when it is the embedded one. */
async function withStore<T>(context: CliContext, run: (store: Store) => Promise<T>): Promise<T> {
  const config = await context.loadConfig()
  const [
    { openDataDir },
    { openStore },
    { openClickHouse },
    { migrate },
    { createLogger, terminalDestination },
  ] = await Promise.all([
    import('../runtime/data-dir.ts'),
    import('../runtime/clickhouse/open-store.ts'),
    import('../runtime/clickhouse/client.ts'),
    import('../runtime/clickhouse/migrate.ts'),
    import('../runtime/logger.ts'),
  ])
  const logger = createLogger({ level: 'warn', destination: terminalDestination(process.stderr) })
  const dataDir = await openDataDir(config.data_dir)
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  try {
    if (store.from === 'own-engine') {
      const client = openClickHouse(store.endpoint)
      try {
        await migrate(client, { cluster: store.endpoint.cluster })
      } finally {
        await client.close()
      }
    }
    return await run(store)
  } finally {
    await store.stop()
  }
}
