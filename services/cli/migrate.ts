import type { Command } from 'commander'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'

/** `gatewatch migrate`: brings the store to this version's tables; `--dry-run` prints the SQL and changes nothing. */
export function declareMigrate(program: Command, context: CliContext): void {
  program
    .command('migrate')
    .option('--dry-run', 'print the statements that would run')
    .option('--cluster <name>', 'with --dry-run: as for a cluster of this name')
    .description("bring the store's tables up to this version")
    .action((options: { dryRun?: boolean; cluster?: string }) =>
      context.guard(async () => {
        if (options.cluster !== undefined && options.dryRun !== true)
          throw new GatewatchError(
            'ERR_USAGE',
            '--cluster only shows statements (--dry-run); to migrate a cluster, set clickhouse.cluster.',
          )
        const config = await context.loadConfig()
        const [{ openDataDir }, { openStore }, { openClickHouse }, { migrate }, logging, { storeFault }] =
          await Promise.all([
            import('../runtime/data-dir.ts'),
            import('../runtime/clickhouse/open-store.ts'),
            import('../runtime/clickhouse/client.ts'),
            import('../runtime/clickhouse/migrate.ts'),
            import('../runtime/logger.ts'),
            import('../runtime/clickhouse/faults.ts'),
          ])
        const destination = logging.terminalDestination(process.stderr)
        const logger = logging.createLogger({ level: 'warn', destination })
        const dataDir = await openDataDir(config.data_dir)
        const store = await openStore({ dataDir, settings: config.clickhouse, logger })
        const client = openClickHouse(store.endpoint)
        try {
          const dryRun = options.dryRun === true
          const cluster = options.cluster ?? store.endpoint.cluster
          const { applied, present } = await migrate(client, { dryRun, cluster })
          for (const { name, statements } of applied) {
            const sql = statements.map((statement) => `${statement.trim()};\n`).join('\n')
            context.io.stdout.write(dryRun ? `-- ${name}\n${sql}\n` : `applied ${name}\n`)
          }
          const verb = dryRun ? 'would be applied' : 'applied'
          context.io.stderr.write(`${applied.length} ${verb}, ${present} were there already\n`)
        } catch (error) {
          throw storeFault(error)
        } finally {
          await client.close()
          await store.stop()
        }
      }),
    )
}
