import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { withStore } from './with-store.ts'

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
