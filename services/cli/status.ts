import type { Command } from 'commander'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'

/** `gatewatch status`: is everything running, is anybody behind, does anything wait? */
export function declareStatus(program: Command, context: CliContext): void {
  program
    .command('status')
    .option('--json', 'one JSON object')
    .description(
      'lag of each reader, heartbeats of gateways, what waits in the spool, and whether store and process answer',
    )
    .action((options: { json?: boolean }) =>
      context.guard(async () => {
        const { stdout } = context.io
        const config = await context.loadConfig()
        const [{ openRuntime }, { readStatus, statusText }, { askProcess, processText }] = await Promise.all([
          import('./open-runtime.ts'),
          import('./status/read-status.ts'),
          import('./status/ask-process.ts'),
        ])
        try {
          const runtime = await openRuntime(config)
          try {
            const status = await readStatus(runtime, config)
            stdout.write(options.json ? `${JSON.stringify(status)}\n` : statusText(status))
            return status.ready ? 0 : 1
          } finally {
            await runtime.close()
          }
        } catch (error) {
          // The log is away: then what the process says is all there is, and the spool is what one wants to see.
          if (!(error instanceof GatewatchError) || error.code !== 'ERR_LOG_UNAVAILABLE') throw error
          const process = await askProcess(config.admin)
          const log = error.message
          stdout.write(
            options.json
              ? `${JSON.stringify({ ready: false, log, process })}\n`
              : `log      ${log}\n${processText(process)}`,
          )
          return 1
        }
      }),
    )
}
