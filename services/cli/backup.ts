import { Option } from 'commander'
import type { Command } from 'commander'
import type { BackupFlags } from './backup/run-backup.ts'
import type { RestoreFlags } from './backup/run-restore.ts'
import type { CliContext } from './context.ts'

const KEY_FILE = '--key-file <file>'

/** `gatewatch backup`: a copy of everything that is needed to go on elsewhere, taken while it runs. */
export function declareBackup(program: Command, context: CliContext): void {
  program
    .command('backup')
    .argument('<directory>', 'where it goes; must not exist, or be empty')
    .addOption(new Option(KEY_FILE, 'its text seals the backup; keep it elsewhere').makeOptionMandatory())
    .addOption(
      new Option(
        '--store-to <destination>',
        "of a ClickHouse server: where its own BACKUP goes, such as Disk('backups', 'monday')",
      ),
    )
    .option(
      '--without-store',
      'leave the store out; it is filled again from the log, as far as that goes back',
    )
    .option('--json', 'what was backed up, as one line of JSON')
    .description('copy log, state, store, keys and tokens while everything runs')
    .action((directory: string, flags: BackupFlags) =>
      context.guard(async () => {
        const { runBackup } = await import('./backup/run-backup.ts')
        await runBackup(await context.loadConfig(), directory, flags, context.io)
      }),
    )
}

/** `gatewatch restore`: the reverse, into an empty data directory. */
export function declareRestore(program: Command, context: CliContext): void {
  program
    .command('restore')
    .argument('<directory>', 'a backup')
    .option(KEY_FILE, 'the key file that it was taken with')
    .option(
      '--erasures <file>',
      'the newest erasures.jsonl: whoever was erased after the backup is erased again before anything can be read',
    )
    .option('--dry-run', 'prove that the backup is whole, and write nothing; without a key, checksums only')
    .option('--json', 'what was restored, as one line of JSON')
    .description('bring a backup back into an empty data directory')
    .action((directory: string, flags: RestoreFlags) =>
      context.guard(async () => {
        const { runRestore } = await import('./backup/run-restore.ts')
        await runRestore(await context.loadConfig(), directory, flags, context.io)
      }),
    )
}
