import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { table } from '../../dashboards/clickhouse-query.ts'
import { prometheus } from '../../dashboards/metrics.ts'
import { EVERY_VARIABLE } from '../support/dashboards/every-variable.ts'
import { expandAsGrafana, expandInBrowser } from '../support/dashboards/grafana-expansion.ts'
import { questions } from '../support/dashboards/questions.ts'
import { readYaml } from '../support/deploy/files.ts'
import { grafanaCopy, grafanaUrl } from '../support/deploy/grafana-copy.ts'
import { type GrafanaAnswer, readAnswer } from '../support/deploy/grafana-server.ts'
import { ContactPointFile, RuleFile } from '../support/deploy/provisioning.ts'

const { grafana, mark, boards, marked, filled, bring, takeAway, gone } = grafanaCopy()
const panels = boards.flatMap((board) =>
  board.panels
    .filter(({ targets }) => targets.length > 0)
    .map(({ title, targets }) => ({ name: `${board.title}: ${title}`, targets })),
)
/** Boards share variables and annotations: what is the same query is asked once. */
const distinct = questions.filter(({ sql }, i) => questions.findIndex((one) => one.sql === sql) === i)
const range = { from: new Date(Date.now() - 3_600_000), to: new Date() }
const INTERVAL_MS = 30_000
const HOSTILE = [
  `it's`,
  `\\' OR 1=1 -- `,
  `') OR 1=1 /* `,
  'line\nbreak 🙂',
  '$__timeFilter(decided_at) ${tenant}',
]

describe.skipIf(grafanaUrl === '')('the Grafana that GRAFANA_URL names (skipped where it is not set)', () => {
  const groups = ['store.yaml', 'pipeline.yaml'].flatMap(
    (name) => RuleFile.parse(readYaml(`deploy/grafana/provisioning/alerting/${name}`)).groups,
  )
  const contactPoints = [
    'provisioning/alerting/contact-points.yaml',
    ...readdirSync('deploy/grafana/contact-points').map((name) => `contact-points/${name}`),
  ].flatMap((path, i) =>
    ContactPointFile.parse(readYaml(`deploy/grafana/${path}`)).contactPoints.flatMap(({ name, receivers }) =>
      receivers.map((receiver) => ({
        ...receiver,
        name: `${name} ${mark}-${i}`,
        uid: `${mark}-${i}-${receiver.uid.replace('gatewatch-', '')}`,
      })),
    ),
  )

  beforeAll(bring, 60_000)

  afterAll(async () => {
    for (const { uid } of contactPoints) await gone(`api/v1/provisioning/contact-points/${uid}`)
    for (const { uid } of groups.flatMap(({ rules }) => rules))
      await gone(`api/v1/provisioning/alert-rules/${ruleUid(uid)}`)
    await takeAway()
  })

  it('reaches both data sources, and ClickHouse as an account that may not write', async () => {
    const { columns } = await ask([table('SELECT 1 AS one').build()])
    expect(columns.get('one')?.values).toEqual([1])
    const write = ask([table('CREATE TABLE written (x Int8) ENGINE = Memory').build()])
    // Grafana says with its status, or in the answer, that a query failed.
    const refusal = await write.then(({ errors }) => errors.join(), String)
    expect(refusal).toMatch(/READONLY|ACCESS_DENIED/)
    const metrics = await ask([{ refId: 'A', datasource: prometheus, expr: 'vector(7)', instant: true }])
    expect(metrics.errors).toEqual([])
    expect([...metrics.columns.values()].flatMap(({ values }) => values)).toContain(7)
  })

  it.each(boards)('takes $title, and gives back what it got', async (board) => {
    await grafana.call('POST', 'api/dashboards/db', { dashboard: board, folderUid: mark, overwrite: false })
    const { dashboard } = z
      .object({ dashboard: z.looseObject({}) })
      .parse(await grafana.call('GET', `api/dashboards/uid/${board.uid}`))
    expect(dashboard).toMatchObject(board)
  })

  it.each(panels)('$name is answered', async ({ targets }) => {
    const { errors } = await ask(targets)
    expect(errors).toEqual([])
  })

  it.each(distinct)('$name becomes the SQL that it is tested with', async ({ sql, kind, series }) => {
    const query = { ...table(sql).build(), ...(series && { queryType: 'timeseries', format: 0 }) }
    const { errors, executed, columns } = await ask([query])
    expect(errors).toEqual([])
    expect(executed).toEqual([
      expandAsGrafana(sql, { ...range, interval_ms: INTERVAL_MS, variables: EVERY_VARIABLE }),
    ])
    const time = kind === 'annotation' || series ? columns.get('time')?.type : 'time'
    expect(columns.size === 0 ? 'time' : time).toBe('time')
  })

  it.each(HOSTILE)('a subject who is called %j is looked for by that name', async (subject) => {
    const { errors, columns } = await ask(
      [table(`SELECT decodeURLComponent('\${subject:percentencode}') AS name`).build()],
      { ...EVERY_VARIABLE, subject },
    )
    expect(errors).toEqual([])
    expect(columns.get('name')?.values).toEqual([subject])
  })

  it('takes every alert rule, and evaluates its queries', async () => {
    for (const { name, rules } of groups)
      for (const { uid, data, for: pending, isPaused: _paused, ...rule } of rules) {
        const nodes = z.array(z.looseObject({})).parse(JSON.parse(marked(JSON.stringify(data))))
        await grafana.call('POST', 'api/v1/provisioning/alert-rules', {
          ...rule,
          uid: ruleUid(uid),
          ruleGroup: `${name} ${mark}`,
          folderUID: mark,
          orgID: 1,
          for: pending,
          data: nodes,
          // It wakes nobody; before Grafana 9.4, which can't pause, for as long as this test runs.
          isPaused: true,
        })
        const { condition } = rule
        const answer = await grafana.call('POST', 'api/v1/eval', { data: nodes, condition, now: new Date() })
        expect({ rule: rule.title, errors: readAnswer(answer).errors }).toMatchObject({ errors: [] })
      }
  })

  it.each(contactPoints)('takes the contact point $name, a $type', async (point) => {
    await grafana.call('POST', 'api/v1/provisioning/contact-points', filled(point))
    const all = z
      .array(z.looseObject({ uid: z.string() }))
      .parse(await grafana.call('GET', 'api/v1/provisioning/contact-points'))
    expect(all.find(({ uid }) => uid === point.uid)).toMatchObject({ name: point.name, type: point.type })
  })

  async function ask(targets: readonly unknown[], as = EVERY_VARIABLE): Promise<GrafanaAnswer> {
    const queries = targets.map((target) => {
      const query = z.record(z.string(), z.unknown()).parse(JSON.parse(marked(JSON.stringify(target))))
      const { rawSql } = query
      return {
        ...query,
        ...(typeof rawSql === 'string' && { rawSql: expandInBrowser(rawSql, { variables: as }) }),
        intervalMs: INTERVAL_MS,
        maxDataPoints: 500,
      }
    })
    const [from, to] = [range.from, range.to].map((at) => String(at.getTime()))
    return readAnswer(await grafana.call('POST', 'api/ds/query', { queries, from, to }))
  }
})

if (grafanaUrl === '')
  process.stderr.write(
    `SKIPPED: GRAFANA_URL is not set, so ${panels.length} panels were asked of no real Grafana\n`,
  )

/** A rule's uid is at most 40 characters. */
function ruleUid(uid: string): string {
  return `${mark}${uid.replace(/^gatewatch/, '')}`.slice(0, 40)
}
