import type { ClickHouseClient } from '@clickhouse/client'
import { GatewatchError } from '../../../runtime/errors.ts'
import { readDefinitions, type Definition } from '../../../console/dashboards/definition.ts'
import { intervalOf } from '../../../console/dashboards/interval.ts'
import { expand, type GrafanaContext } from '../../../console/dashboards/macros.ts'

const POINTS = 300
const HOUR_MS = 3_600_000

/** One query of one panel, ready to be asked. */
export interface Question {
  readonly dashboard: string
  readonly panel: string
  /** By name. */
  readonly range: string
  /** How long the answer may take. */
  readonly bound_ms: number
  /** Of which thing, where the dashboard is about one. */
  readonly about: string
  readonly query: string
}

export interface Range {
  readonly name: string
  readonly spanMs: number
  /** On a time axis; as many as a panel half a screen wide asks for, unless said otherwise. */
  readonly points?: number
  /** Of this dashboard alone. */
  readonly only?: string
  /** How long an answer over it may take. */
  readonly bound_ms?: number
}

/** What is promised is promised at these. */
const PROMISED: readonly Range[] = [
  { name: '24h', spanMs: 24 * HOUR_MS, bound_ms: 1_000 },
  { name: '30d', spanMs: 720 * HOUR_MS, only: 'gatewatch-subject', bound_ms: 300 },
  { name: '90d', spanMs: 2160 * HOUR_MS, bound_ms: 3_000 },
]

/** What is looked at closely: the busiest and one in the middle of each kind. */
interface Things {
  readonly subject: readonly string[]
  readonly source: readonly string[]
  readonly session: readonly string[]
  readonly app: readonly string[]
}

/** Every query of every panel at each range, which ends at `endS`. */
export async function questionsOf(
  client: ClickHouseClient,
  endS: number,
  ranges = PROMISED,
): Promise<readonly Question[]> {
  const definitions = await readDefinitions()
  if (definitions.size === 0)
    throw new GatewatchError('ERR_USAGE', 'There are no dashboards in deploy/grafana/dashboards.')
  const things = await thingsOf(client, endS)
  return [...definitions.values()].flatMap((definition) =>
    ranges
      .filter(({ only }) => only === undefined || definition.uid === only)
      .flatMap(({ name: range, spanMs, points = POINTS, bound_ms = Infinity }) =>
        aboutEach(definition, things).flatMap(({ about, variables }) =>
          questionsAbout(
            definition,
            { range, about, bound_ms },
            {
              from: new Date(endS * 1000 - spanMs),
              to: new Date(endS * 1000),
              interval_s: intervalOf(spanMs, points),
              variables,
            },
          ),
        ),
      ),
  )
}

function questionsAbout(
  { uid, panels }: Definition,
  { range, about, bound_ms }: Pick<Question, 'range' | 'about' | 'bound_ms'>,
  context: GrafanaContext,
): readonly Question[] {
  return panels.flatMap(({ title, targets }) =>
    targets.flatMap((target) =>
      'rawSql' in target
        ? [{ dashboard: uid, panel: title, range, about, bound_ms, query: expand(target.rawSql, context) }]
        : [],
    ),
  )
}

function aboutEach(
  { templating }: Definition,
  things: Things,
): readonly { about: string; variables: GrafanaContext['variables'] }[] {
  const [kind] = (['subject', 'source', 'session', 'app'] as const).filter((name) =>
    templating.list.some((variable) => variable.name === name),
  )
  const rest = Object.fromEntries(templating.list.map(({ name, allValue }) => [name, allValue ?? '']))
  const base = { ...rest, tenant: 'default', console: 'http://127.0.0.1:8090' }
  if (kind === undefined) return [{ about: '', variables: base }]
  return things[kind].map((about) => ({ about, variables: { ...base, [kind]: about } }))
}

async function thingsOf(client: ClickHouseClient, endS: number): Promise<Things> {
  const lastDay = `tenant = 'default' AND decided_at >= toDateTime(${endS - 86_400}) AND decided_at <= toDateTime(${endS})`
  const some = async (expression: string, condition: string) => {
    const result = await client.query({
      query: `SELECT groupArray(name) AS names FROM (SELECT ${expression} AS name, count() AS n FROM decisions WHERE ${lastDay} AND ${condition} GROUP BY name ORDER BY n DESC, name)`,
      format: 'JSONEachRow',
    })
    const [row] = await result.json<{ names: string[] }>()
    const names = row?.names ?? []
    return [...new Set([names[0], names[Math.floor(names.length / 2)]])].filter((name) => name !== undefined)
  }
  const subject = `concat(subject_type, ':', subject_id)`
  const people = await some(subject, `subject_type = 'user'`)
  const services = await some(subject, `subject_type = 'service'`)
  return {
    subject: [...people, ...services.slice(0, 1)],
    source: await some('enrichment_source_prefix', '1'),
    session: await some('subject_session_id', `subject_session_id != ''`),
    app: ['_all_', ...(await some('toString(resource_app)', '1')).slice(0, 1)],
  }
}
