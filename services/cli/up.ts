import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { ROLES } from './roles/role.ts'

interface UpOptions {
  readonly demo?: boolean
  readonly checkConfig?: boolean
}

/** `gatewatch up [--demo]`: everything in one process, with the store as its child. */
export function declareUp(program: Command, context: CliContext): void {
  program
    .command('up')
    .option('--demo', 'with an identity provider, applications, people and attacks of its own')
    .option('--check-config', 'validate the configuration and exit')
    .description('run everything in one process, with the store as its child')
    .action((options: UpOptions) =>
      context.guard(async () => {
        const demo = options.demo ? await import('./roles/demo-settings.ts') : null
        const config = await context.loadConfig(demo?.DEMO_DEFAULTS)
        if (options.checkConfig) {
          context.io.stdout.write('The configuration is valid.\n')
          return
        }
        const { runUp } = await import('./roles/run-up.ts')
        await runUp(demo ? demo.inDemoDirectory(config) : config, {
          roles: ROLES,
          demo: options.demo ?? false,
          io: context.io,
        })
      }),
    )
}
