import type { Command } from 'commander'
import type { CliContext } from './context.ts'

/** `gatewatch status`: is everything running, and is anybody behind? */
export function declareStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .option('--json', 'one JSON object')
    .description('lag of each reader, heartbeats of gateways, and whether store and process answer')
    .action((options: { json?: boolean }) =>
      context.withRuntime(async (runtime, config) => {
        const { readStatus, statusText } = await import('./status/read-status.ts')
        const status = await readStatus(runtime, config)
        context.io.stdout.write(options.json ? `${JSON.stringify(status)}\n` : statusText(status))
        return status.ready ? 0 : 1
      }),
    )
}
