import { Argument } from 'commander'
import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { ROLES } from './roles/role.ts'
import type { Role } from './roles/role.ts'

/** `gatewatch run ROLE…`: chosen roles in this process; the log goes to the standard output. */
export function declareRun(program: Command, context: CliContext): void {
  program
    .command('run')
    .addArgument(new Argument('<role...>', 'what this process is').choices(ROLES))
    .option('--check-config', 'validate the configuration and exit')
    .description('run chosen roles in this process, beside others on the same data directory')
    .action((roles: readonly Role[], options: { checkConfig?: boolean }) =>
      context.guard(async () => {
        const config = await context.loadConfig()
        if (options.checkConfig) {
          context.io.stdout.write('The configuration is valid.\n')
          return
        }
        const { runRoles } = await import('./roles/run-roles.ts')
        await runRoles(config, [...new Set(roles)], context.io)
      }),
    )
}
