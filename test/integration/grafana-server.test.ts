import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dashboards, fileOf } from '../../dashboards/catalogue.ts'
import { clickhouse } from '../../dashboards/clickhouse-query.ts'
import { prometheus } from '../../dashboards/metrics.ts'
import { expandAdHoc } from '../../services/console/dashboards/ad-hoc.ts'
import { type GrafanaContext, expandVariables } from '../../services/console/dashboards/macros.ts'
import { readYaml } from '../support/deploy/files.ts'
import { grafanaServer, queryErrors } from '../support/deploy/grafana-server.ts'
import { DataSourceFile, RuleFile } from '../support/deploy/provisioning.ts'

const url = process.env['GRAFANA_URL'] ?? ''
/** Where that Grafana, not this test, finds ClickHouse and Prometheus. */
const environment: Readonly<Record<string, string>> = {
  GATEWATCH_CLICKHOUSE_HOST: process.env['GRAFANA_CLICKHOUSE_HOST'] ?? 'clickhouse',
  GATEWATCH_CLICKHOUSE_PASSWORD: process.env['GRAFANA_CLICKHOUSE_PASSWORD'] ?? '',
  GATEWATCH_PROMETHEUS_URL: process.env['GRAFANA_PROMETHEUS_URL'] ?? 'http://prometheus:9090',
}

/** Everything gets a name of its own, so that what is there already is neither changed nor deleted. */
const mark = `gwtest-${randomBytes(3).toString('hex')}`
const Board = z.looseObject({
  uid: z.string(),
  title: z.string(),
  panels: z.array(z.looseObject({ title: z.string().optional(), targets: z.array(z.unknown()).default([]) })),
})
const boards = dashboards().map((board) => Board.parse(JSON.parse(marked(fileOf(board).text))))
const panels = boards.flatMap((board) =>
  board.panels
    .filter(({ targets }) => targets.length > 0)
    .map(({ title, targets }) => ({ name: `${board.title}: ${title}`, targets })),
)
const variables: GrafanaContext['variables'] = {
  tenant: 'default',
  subject: 'user:alice',
  source: '192.0.2.10',
  session: 's-1',
}

describe.skipIf(url === '')('the Grafana that GRAFANA_URL names (skipped where it is not set)', () => {
  const grafana = grafanaServer(url, process.env['GRAFANA_TOKEN'] ?? '')
  const { datasources } = DataSourceFile.parse(
    readYaml('deploy/grafana/provisioning/datasources/gatewatch.yaml'),
  )
  const groups = ['store.yaml', 'pipeline.yaml'].flatMap(
    (name) => RuleFile.parse(readYaml(`deploy/grafana/provisioning/alerting/${name}`)).groups,
  )

  beforeAll(async () => {
    for (const { name, ...source } of datasources) {
      const text = JSON.stringify({ ...source, name: `${name} ${mark}` })
      const filled = text.replaceAll(/\$\{(\w+)\}/g, (_m, variable: string) => environment[variable] ?? '')
      await grafana.call('POST', 'api/datasources', JSON.parse(marked(filled)))
    }
    await grafana.call('POST', 'api/folders', { uid: mark, title: `Gatewatch ${mark}` })
  }, 60_000)

  /** In the reverse order; what was never made says so, and that is well. */
  afterAll(async () => {
    const rules = groups.flatMap((group) => group.rules)
    for (const { uid } of rules) await gone(`api/v1/provisioning/alert-rules/${ruleUid(uid)}`)
    for (const { uid } of boards) await gone(`api/dashboards/uid/${uid}`)
    await gone(`api/folders/${mark}`)
    for (const { uid } of datasources) await gone(`api/datasources/uid/${marked(uid)}`)
  }, 120_000)

  it('reaches both data sources', async () => {
    for (const { uid } of datasources)
      expect(await grafana.call('GET', `api/datasources/uid/${marked(uid)}/health`)).toMatchObject({
        status: 'OK',
      })
  })

  it.each(boards)('takes $title, and gives back the panels that it got', async (board) => {
    await grafana.call('POST', 'api/dashboards/db', { dashboard: board, folderUid: mark, overwrite: false })
    const { dashboard } = z
      .object({ dashboard: Board })
      .parse(await grafana.call('GET', `api/dashboards/uid/${board.uid}`))
    expect(dashboard.panels.map(({ title }) => title)).toEqual(board.panels.map(({ title }) => title))
  })

  it.each(panels)('$name is answered', async ({ targets }) => {
    const queries = targets.map((target) => ({
      ...asBrowser(target),
      intervalMs: 30_000,
      maxDataPoints: 500,
    }))
    const answer = await grafana.call('POST', 'api/ds/query', { queries, from: 'now-1h', to: 'now' })
    expect(queryErrors(answer)).toEqual([])
  })

  it('takes every alert rule, and evaluates its queries', async () => {
    for (const { name, interval, rules } of groups)
      for (const { uid, data, for: pending, isPaused: _paused, ...rule } of rules) {
        const marked_ = data.map((node) => z.looseObject({}).parse(JSON.parse(marked(JSON.stringify(node)))))
        await grafana.call('POST', 'api/v1/provisioning/alert-rules', {
          ...rule,
          uid: ruleUid(uid),
          ruleGroup: `${name} ${mark}`,
          folderUID: mark,
          orgID: 1,
          for: pending,
          data: marked_,
          // It wakes nobody.
          isPaused: true,
        })
        const answer = await grafana.call('POST', 'api/v1/eval', {
          data: marked_,
          condition: rule.condition,
          now: new Date(),
        })
        expect({ name: rule.title, interval, errors: queryErrors(answer) }).toMatchObject({ errors: [] })
      }
  }, 120_000)

  async function gone(path: string): Promise<void> {
    await grafana
      .call('DELETE', path)
      .catch((error: unknown) => process.stderr.write(`left behind? ${String(error)}\n`))
  }
})

if (url === '')
  process.stderr.write(
    `SKIPPED: GRAFANA_URL is not set, so ${panels.length} panels were asked of no real Grafana\n`,
  )

/** Uids of data sources and dashboards with the mark of this run. */
function marked(text: string): string {
  return text
    .replaceAll(new RegExp(`${clickhouse.uid}|${prometheus.uid}`, 'g'), (uid) => `${uid}-${mark}`)
    .replaceAll(/"uid":\s*"gatewatch-(\w+)"/g, (_m, name: string) => `"uid":"${mark}-${name}"`)
}

/** A rule's uid is at most 40 characters. */
function ruleUid(uid: string): string {
  return `${mark}${uid.replace(/^gatewatch/, '')}`.slice(0, 40)
}

/** What the browser would put into a query of ClickHouse: variables, all of a choice, and no filter. */
function asBrowser(target: unknown): Record<string, unknown> {
  const query = z.record(z.string(), z.unknown()).parse(target)
  const { rawSql } = query
  if (typeof rawSql !== 'string') return query
  const named = [...rawSql.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, '_all_'] as const)
  return {
    ...query,
    rawSql: expandAdHoc(expandVariables(rawSql, { ...Object.fromEntries(named), ...variables }), []),
  }
}
