import type { Command } from 'commander'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'

/** `gatewatch grants`: prints what makes an account for dashboards on a ClickHouse server, as SQL or XML; runs nothing. */
export function declareGrants(program: Command, context: CliContext): void {
  program
    .command('grants')
    .requiredOption('--password-file <file>', 'the password of the account; only its hash is printed')
    .option('--user <name>', 'the account; gatewatch_reader where it reads all tenants')
    .option('--tenant <tenant>', 'only rows of this tenant, and only tables that say whose their rows are')
    .option('--xml', 'for users.d/ of a server whose accounts are files, instead of SQL')
    .description('print what makes a read-only account for dashboards')
    .action((options: { passwordFile: string; user?: string; tenant?: string; xml?: boolean }) =>
      context.guard(async () => {
        if (options.tenant !== undefined && options.user === undefined)
          throw new GatewatchError('ERR_USAGE', 'An account of one tenant needs a name of its own: --user.')
        const config = await context.loadConfig()
        const [
          { createHash },
          { openDataDir },
          open,
          { openClickHouse },
          readers,
          sql,
          xml,
          secrets,
          logging,
          faults,
        ] = await Promise.all([
          import('node:crypto'),
          import('../runtime/data-dir.ts'),
          import('../runtime/clickhouse/open-store.ts'),
          import('../runtime/clickhouse/client.ts'),
          import('../runtime/clickhouse/readers/stored-tables.ts'),
          import('../runtime/clickhouse/readers/reader-sql.ts'),
          import('../runtime/clickhouse/readers/reader-xml.ts'),
          import('../runtime/secrets.ts'),
          import('../runtime/logger.ts'),
          import('../runtime/clickhouse/faults.ts'),
        ])
        const password = await secrets.readSecretFile(options.passwordFile, '--password-file')
        const reader = {
          name: options.user ?? 'gatewatch_reader',
          password_sha256: createHash('sha256').update(password).digest('hex'),
          tenant: options.tenant ?? null,
        }
        const destination = logging.terminalDestination(process.stderr)
        const logger = logging.createLogger({ level: 'warn', destination })
        const dataDir = await openDataDir(config.data_dir)
        const store = await open.openStore({ dataDir, settings: config.clickhouse, logger })
        const client = openClickHouse(store.endpoint)
        try {
          const tables = await readers.storedTables(client)
          if (!tables.some(({ has_tenant }) => has_tenant))
            throw new GatewatchError(
              'ERR_USAGE',
              "The store has no tables yet; run 'gatewatch migrate' first.",
            )
          const { database, username: writer, cluster } = store.endpoint
          const text =
            options.xml === true
              ? xml.readerXml(reader, database, tables)
              : sql
                  .readerStatements({ database, writer, reader, tables, cluster })
                  .map((statement) => `${statement};\n`)
                  .join('')
          context.io.stdout.write(text)
        } catch (error) {
          throw faults.storeFault(error)
        } finally {
          await client.close()
          await store.stop()
        }
      }),
    )
}
