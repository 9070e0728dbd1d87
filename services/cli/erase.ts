import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import type { EraseFlags } from './erase/run-erase.ts'

/** `gatewatch erase`: removes a person's data from log, state and store; the chain stays whole. */
export function declareErase(program: Command, context: CliContext): void {
  program
    .command('erase')
    .argument('[subject]', 'whom, as decisions name the subject: alice, or service:deploy')
    .option('--tenant <tenant>', 'the tenant (default: the configured one)')
    .option('--by <name>', 'who asked for it, for the record (default: the account that runs this)')
    .option('--dry-run', 'say what would go, and change nothing')
    .option('--force', 'although a story about the subject is open, or a restriction in force')
    .option('--yes', 'do not ask')
    .option('--pending', 'go on with erasures that were cut off, or that a restored backup has undone')
    .option(
      '--delete-records',
      "on Kafka: delete what expires only, up to the subject's newest record, everybody else's with it",
    )
    .option('--json', 'what was erased, as one line of JSON')
    .description('erase a person on request; everything on the data directory must be stopped')
    .action((subject: string | undefined, flags: EraseFlags) =>
      context.guard(async () => {
        const { runErase } = await import('./erase/run-erase.ts')
        return runErase(await context.loadConfig(), subject, flags, context.io)
      }),
    )
}
