import type { Command } from 'commander'
import type { RuleSet } from '../scoring/rules/language/rule-set.ts'
import type { CliContext } from './context.ts'

/** `gatewatch rules check|test`: Sigma rules, tried before they are in force. */
export function declareRules(program: Command, context: CliContext): void {
  const rules = program.command('rules').description('check and test Sigma rules of a directory')

  rules
    .command('check')
    .argument('<directory>', 'holds .yml files; those of tests may lie beside them')
    .description('compile every rule, and list what can not be used with file, line and reason')
    .action((directory: string) => context.guard(() => check(context, directory)))

  rules
    .command('test')
    .argument('<directory>', 'holds .yml files, and <rule>.test.jsonl beside them')
    .option(
      '--against <file>',
      'decisions, one a line: say of each rule what it matches, tells a day and costs',
    )
    .option('--json', 'with --against: the figures as one line of JSON')
    .description('play the stories beside each rule, which say what it must and must not match')
    .action((directory: string, { against, json = false }: { against?: string; json?: boolean }) =>
      context.guard(() =>
        against === undefined ? test(context, directory) : tryAgainst(context, directory, against, json),
      ),
    )
}

async function check(context: CliContext, directory: string): Promise<number> {
  const set = await compile(context, directory)
  const { io } = context
  io.stdout.write(
    `${directory}: ${set.matched.length} rules and ${set.correlations} correlations can be used, version ${set.version}\n`,
  )
  return set.problems.length > 0 ? 2 : 0
}

async function test(context: CliContext, directory: string): Promise<number> {
  const set = await compile(context, directory)
  const { io } = context
  const [{ testRules }, { readRuleTests }] = await Promise.all([
    import('../scoring/rules/test-files.ts'),
    import('../scoring/rules/read-directory.ts'),
  ])
  const { files, unread } = await readRuleTests(directory)
  const { results, mistakes: unreadable, untested } = testRules(set, files)
  const mistakes = [...unread.map(({ file, reason }) => `${file}:1: ${reason}`), ...unreadable]
  for (const mistake of mistakes) io.stderr.write(`${directory}/${mistake}\n`)
  for (const { file, name, failures } of results) {
    io.stdout.write(`${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${file}: ${name}\n`)
    for (const failure of failures) io.stdout.write(`        ${failure}\n`)
  }
  if (untested.length > 0)
    io.stdout.write(`Without a story that matches and one that does not: ${untested.join(', ')}\n`)
  const failed = results.filter(({ failures }) => failures.length > 0).length
  io.stdout.write(`${results.length - failed} passed, ${failed} failed\n`)
  if (mistakes.length + set.problems.length > 0) return 2
  return failed > 0 ? 1 : 0
}

async function tryAgainst(
  context: CliContext,
  directory: string,
  file: string,
  json: boolean,
): Promise<number> {
  const set = await compile(context, directory)
  const { io } = context
  const config = await context.loadConfig()
  const [{ openEnrich }, { readDecisions }, { tally }, { table }] = await Promise.all([
    import('../scoring/main.ts'),
    import('../evaluate/read-decisions.ts'),
    import('../scoring/rules/tally-rules.ts'),
    import('./table.ts'),
  ])
  const enrich = await openEnrich(config.scoring)
  const counted = tally(set, config.scoring.rules?.findings_per_day, () => {
    const { user, system } = process.cpuUsage()
    return user + system
  })
  for await (const lines of readDecisions(file))
    counted.take(lines.map(({ decision }) => ({ decision, enrichment: enrich(decision), scores: {} })))
  const result = counted.result()
  if (json) {
    io.stdout.write(`${JSON.stringify(result)}\n`)
    return set.problems.length > 0 ? 2 : 0
  }
  const { decisions, days, rows } = result
  io.stdout.write(`${decisions.toLocaleString('en')} decisions of ${days.toFixed(1)} days\n`)
  const cells = rows.map((row) => [
    row.rule,
    row.kind,
    String(row.read),
    String(row.matched),
    ...[row.findings, row.a_day?.toFixed(2), row.most_on_a_day, row.held].map((one) => String(one ?? '-')),
    row.us_a_decision.toFixed(2),
  ])
  const head = [
    'rule',
    'kind',
    'read',
    'matched',
    'findings',
    'a day',
    'most on a day',
    'held back',
    'µs a decision',
  ]
  io.stdout.write(table(head, cells))
  io.stdout.write(
    'read: decisions held against a rule, and of a correlation those that matched one of its rules. µs: processor time over all decisions. Rules that ask for scores match nothing here.\n',
  )
  return set.problems.length > 0 ? 2 : 0
}

/** Compiles a directory and names what can't be used. */
async function compile({ io }: CliContext, directory: string): Promise<RuleSet> {
  const [{ readRuleDirectory, RuleDirectoryError }, { compileRules }, { formatProblem }] = await Promise.all([
    import('../scoring/rules/read-directory.ts'),
    import('../scoring/rules/language/rule-set.ts'),
    import('../scoring/rules/language/problem.ts'),
  ])
  try {
    const { files, unread } = await readRuleDirectory(directory)
    const set = compileRules(files)
    const problems = [...unread, ...set.problems]
    for (const problem of problems)
      io.stderr.write(`${formatProblem({ ...problem, file: `${directory}/${problem.file}` })}\n`)
    return { ...set, problems }
  } catch (error) {
    if (!(error instanceof RuleDirectoryError)) throw error
    const { GatewatchError } = await import('../runtime/errors.ts')
    throw new GatewatchError('ERR_USAGE', `${directory}: ${error.message}.`, { cause: error })
  }
}
