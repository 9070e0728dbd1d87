import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { Scope } from '../runtime/tokens.ts'
import type { CliContext } from './context.ts'

interface CreateOptions {
  readonly scope: readonly Scope[]
  readonly ttlDays?: number
}

/** `gatewatch token create|list|revoke`: who may use the console, the feed and the decision point. */
export function declareToken(program: Command, context: CliContext): void {
  const token = program.command('token').description('make, list and revoke tokens')

  token
    .command('create')
    .argument('<name>', 'whom it is for; shown beside verdicts')
    .addOption(
      new Option('--scope <scope...>', 'what it may be used for').choices(Scope.options).default(['analyst']),
    )
    .option('--ttl-days <days>', 'how long it is good for (default: for ever)', wholeDays)
    .description('make a token and print it this once')
    .action((name: string, options: CreateOptions) =>
      context.guard(async () => {
        const tokens = await open(context)
        const text = await tokens.create({
          name,
          scopes: options.scope,
          ...(options.ttlDays === undefined ? {} : { ttl_days: options.ttlDays }),
        })
        context.io.stdout.write(`${text}\n`)
      }),
    )

  token
    .command('list')
    .option('--json', 'one token a line')
    .description('tokens that exist, without their texts')
    .action((options: { json?: boolean }) =>
      context.guard(async () => {
        const tokens = await open(context)
        for (const info of await tokens.list()) {
          const line = options.json
            ? JSON.stringify(info)
            : `${info.id}  ${info.name.padEnd(20)}  ${info.scopes.join(',').padEnd(16)}  ${info.expires_at === null ? 'for ever' : `until ${info.expires_at}`}`
          context.io.stdout.write(`${line}\n`)
        }
      }),
    )

  token
    .command('revoke')
    .argument('<id>', 'as `token list` shows it')
    .description('end a token; a running server refuses it from the next request on')
    .action((id: string) =>
      context.guard(async () => {
        const tokens = await open(context)
        if (await tokens.revoke(id)) return 0
        context.io.stderr.write(`gatewatch: There is no token ${id}; 'gatewatch token list' shows the ids.\n`)
        return 1
      }),
    )
}

async function open(context: CliContext) {
  const config = await context.loadConfig()
  const [{ openDataDir }, { openTokens }] = await Promise.all([
    import('../runtime/data-dir.ts'),
    import('../runtime/tokens.ts'),
  ])
  return openTokens(await openDataDir(config.data_dir))
}

function wholeDays(text: string): number {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw new InvalidArgumentError('must be a whole number of days from 1 to 3650.')
  return days
}
