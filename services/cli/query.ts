import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'
import type { QueryFlags } from './query/flags.ts'
import { withStore } from './with-store.ts'

/** `gatewatch query SQL`: asks the store, as an account that can only read; or keeps a question, or asks a kept one. */
export function declareQuery(program: Command, context: CliContext): void {
  program
    .command('query')
    .argument('[sql]', 'one statement that reads, or - to read it from the standard input')
    .option('-f, --format <name>', "any of ClickHouse's output formats (default: a table)")
    .option('--json', 'one row a line, as JSON')
    .option('--list', 'the saved queries, and what each asks for')
    .option('--saved <name>', 'ask a saved query')
    .option('--set <name=value...>', 'values for its parameters; instants also as now or now-7d')
    .option('--save <name>', 'save the statement under a name; {device:String} in it is a parameter')
    .option('--title <question>', 'what it answers (default: its name)')
    .option('--replace', 'take the place of a saved query of that name')
    .description(
      'ask the store in SQL (tables: decisions, findings, stories, risk_states, verdicts, dead_letters)',
    )
    .action((sql: string | undefined, flags: QueryFlags) =>
      context.guard(async () => {
        const asked = [flags.list === true, flags.saved !== undefined, sql !== undefined]
        if (asked.filter(Boolean).length !== 1)
          throw new GatewatchError('ERR_USAGE', 'Give a statement, or one of --saved and --list.')
        const saved = await import('./query/saved.ts')
        if (flags.list === true) return saved.listQueries(context)
        if (flags.saved !== undefined) return saved.askSaved(context, flags.saved, flags)
        const statement = sql === '-' ? await readAll(process.stdin) : (sql ?? '')
        if (flags.save !== undefined) return saved.saveAs(context, flags.save, statement, flags)
        const { ask } = await import('../runtime/clickhouse/ask.ts')
        const answer = await withStore(context, (store) =>
          ask(store.endpoint, statement, {
            format: flags.format ?? (flags.json === true ? 'JSONEachRow' : 'PrettyCompactMonoBlock'),
            color: context.io.stdout.isTTY === true,
          }),
        )
        context.io.stdout.write(answer)
      }),
    )
}
