import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import type { CliContext } from './context.ts'

const DAY_MS = 86_400_000
const MOST_DAYS = 400
/** Somebody waits who asked for months. */
const QUERY_TIMEOUT_S = 120

/** `gatewatch policy check|test|promote|usage`: policies as code, tried before they act. */
export function declarePolicy(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('check, test and promote access policies')

  policy
    .command('check')
    .argument('<file...>', 'policy files')
    .description('list every mistake with file, line and path')
    .action((files: string[]) => context.guard(() => check(context, files)))

  policy
    .command('test')
    .argument('<file>', 'a policy file')
    .option('--tests <file>', 'its table tests (default: intranet.test.yaml beside intranet.yaml)')
    .description('decide the table of requests beside a policy, and compare')
    .action((file: string, options: { tests?: string }) =>
      context.guard(() => test(context, file, options.tests)),
    )

  policy
    .command('usage')
    .argument('<file>', 'a policy file')
    .option('--days <n>', 'how far back use counts', daysOf, 30)
    .option('--tenant <name>', 'whose decisions to look at', 'default')
    .option('--json', 'the report as one line of JSON')
    .description('show rules that matched nobody, and access that is granted and never used, from the store')
    .action((file: string, options: { days: number; tenant: string; json?: boolean }) =>
      context.guard(() => usage(context, file, options)),
    )

  policy
    .command('promote')
    .argument('<route>', 'id of a route that observes')
    .option('--tenant <name>', 'whose decisions to look at', 'default')
    .option('--json', 'the report as one line of JSON')
    .description('show whom enforcing a route would have touched, from the decisions that are kept')
    .action((route: string, options: { tenant: string; json?: boolean }) =>
      context.withRuntime(async ({ eventLog }) => {
        const { readPromotion } = await import('../gateway/promotion-reader.ts')
        const report = await readPromotion(eventLog, options.tenant, route)
        const { describePromotion } = await import('./policy-report.ts')
        context.io.stdout.write(
          options.json === true ? `${JSON.stringify(report)}\n` : describePromotion(report),
        )
        return report.decisions === 0 ? 1 : 0
      }),
    )
}

async function usage(
  context: CliContext,
  file: string,
  options: { days: number; tenant: string; json?: boolean },
): Promise<number> {
  const { io } = context
  const [
    { compilePolicy },
    { formatProblem },
    { policyUsage },
    { readUsage },
    { describeUsage },
    { withStore },
    { openClickHouse },
    { storeOf },
  ] = await Promise.all([
    import('../policy/compile.ts'),
    import('../policy/problem.ts'),
    import('../policy/usage.ts'),
    import('../console/policy/read-usage.ts'),
    import('./policy-usage/usage-text.ts'),
    import('./with-store.ts'),
    import('../runtime/clickhouse/client.ts'),
    import('../console/store/store.ts'),
  ])
  const { policy, problems = [] } = compilePolicy(await read(file), file)
  for (const problem of problems) io.stderr.write(`${formatProblem(problem)}\n`)
  if (!policy) return 2
  const since = new Date(Date.now() - options.days * DAY_MS)
  const { rows, kept_since } = await withStore(context, async ({ endpoint }) => {
    const client = openClickHouse(endpoint, { readonly: true })
    try {
      return await readUsage(storeOf(client, QUERY_TIMEOUT_S), [policy], { tenant: options.tenant, since })
    } finally {
      await client.close()
    }
  })
  const report = policyUsage(policy, rows)
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify({ since: since.toISOString(), kept_since, ...report })}\n`
      : describeUsage(report, options.days, kept_since),
  )
  return kept_since === null ? 1 : 0
}

async function check({ io }: CliContext, files: readonly string[]): Promise<number> {
  const [{ compilePolicy }, { formatProblem }] = await Promise.all([
    import('../policy/compile.ts'),
    import('../policy/problem.ts'),
  ])
  let mistakes = 0
  for (const file of files) {
    const { policy, problems } = compilePolicy(await read(file), file)
    for (const problem of problems ?? []) io.stderr.write(`${formatProblem(problem)}\n`)
    mistakes += problems?.length ?? 0
    if (policy) {
      const routes = policy.document.routes.length
      io.stdout.write(
        `${file}: good, ${routes === 1 ? '1 route' : `${routes} routes`}, revision ${policy.revision}\n`,
      )
    }
  }
  if (mistakes > 0) io.stderr.write(`${mistakes === 1 ? '1 mistake' : `${mistakes} mistakes`}\n`)
  return mistakes > 0 ? 2 : 0
}

async function test({ io }: CliContext, file: string, tests?: string): Promise<number> {
  const [{ compilePolicy }, { formatProblem }, { parseTable, runTable, untestedRoutes }] = await Promise.all([
    import('../policy/compile.ts'),
    import('../policy/problem.ts'),
    import('../policy/table-test.ts'),
  ])
  const tableFile = tests ?? file.replace(/\.ya?ml$/, '.test.yaml')
  const { policy, problems = [] } = compilePolicy(await read(file), file)
  const table = parseTable(await read(tableFile), tableFile)
  const mistakes = [...problems, ...(table.problems ?? [])]
  for (const problem of mistakes) io.stderr.write(`${formatProblem(problem)}\n`)
  if (!policy || !table.tests) return 2
  const results = runTable(policy, table.tests)
  for (const { name, differences } of results) {
    io.stdout.write(`${differences.length === 0 ? 'ok  ' : 'FAIL'}  ${name}\n`)
    for (const difference of differences) io.stdout.write(`        ${difference}\n`)
  }
  const untested = untestedRoutes(policy, table.tests)
  if (untested.length > 0) io.stdout.write(`No case asks for: ${untested.join(', ')}\n`)
  const failed = results.filter(({ differences }) => differences.length > 0).length
  io.stdout.write(`${results.length - failed} passed, ${failed} failed\n`)
  return failed > 0 ? 1 : 0
}

function daysOf(text: string): number {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${MOST_DAYS}`)
  return days
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { GatewatchError } = await import('../runtime/errors.ts')
    throw new GatewatchError('ERR_USAGE', `${file} can't be read; name an existing file.`, { cause: error })
  }
}
