import { readQueries } from '../../console/queries/read-queries.ts'
import { MOST_QUERY_ROWS, valuesFor } from '../../console/queries/run-query.ts'
import { saveQuery } from '../../console/queries/save-query.ts'
import { TENANT } from '../../console/queries/saved-query.ts'
import { ask } from '../../runtime/clickhouse/ask.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { CliContext } from '../context.ts'
import { withStore } from '../with-store.ts'
import type { QueryFlags } from './flags.ts'

/** Prints every saved query with its parameters; files that can't be used are named beside. */
export async function listQueries(context: CliContext): Promise<void> {
  const { io } = context
  const { queries, problems } = await readQueries((await context.loadConfig()).data_dir)
  for (const { name, title, origin, parameters } of queries.values()) {
    const wanted = parameters
      .filter((one) => one.name !== TENANT)
      .map((one) => `${one.name}${one.default === null ? '' : `=${one.default}`}`)
    io.stdout.write(
      `${name.padEnd(28)} ${title}${origin === 'own' ? ' (yours)' : ''}\n${' '.repeat(29)}${wanted.join('  ')}\n`,
    )
  }
  for (const { file, problem } of problems) io.stderr.write(`${file} can't be used: ${problem}.\n`)
}

export async function askSaved(context: CliContext, name: string, flags: QueryFlags): Promise<void> {
  const config = await context.loadConfig()
  const { queries, problems } = await readQueries(config.data_dir)
  const query = queries.get(name)
  if (query === undefined) {
    const broken = problems.find(({ file }) => file.endsWith(`/${name}.yaml`))
    throw new GatewatchError(
      'ERR_USAGE',
      broken
        ? `${broken.file} can't be used: ${broken.problem}.`
        : `There is no saved query ${JSON.stringify(name)}; gatewatch query --list shows them.`,
    )
  }
  const given = valuesOf(flags.set ?? [])
  const asksTenant = query.parameters.some((one) => one.name === TENANT)
  const params = valuesFor(query, { ...(asksTenant && { [TENANT]: config.tenant }), ...given }, Date.now())
  const answer = await withStore(context, (store) =>
    ask(store.endpoint, query.sql, {
      format: flags.format ?? (flags.json === true ? 'JSONEachRow' : 'PrettyCompactMonoBlock'),
      color: context.io.stdout.isTTY === true,
      params,
      bounds: { rows: MOST_QUERY_ROWS, seconds: config.console.query_timeout_s },
    }),
  )
  context.io.stdout.write(answer)
}

export async function saveAs(
  context: CliContext,
  name: string,
  sql: string,
  { title = name, replace = false }: QueryFlags,
): Promise<void> {
  const { data_dir } = await context.loadConfig()
  const { parameters } = await saveQuery(data_dir, { name, title, sql, replace })
  const wanted = parameters.filter((one) => one.name !== TENANT).map((one) => ` --set ${one.name}=…`)
  context.io.stdout.write(`Saved. Ask it with: gatewatch query --saved ${name}${wanted.join('')}\n`)
}

function valuesOf(pairs: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) throw new GatewatchError('ERR_USAGE', '--set takes name=value.')
    values[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return values
}
