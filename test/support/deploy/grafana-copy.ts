import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { dashboards, fileOf } from '../../../dashboards/catalogue.ts'
import { clickhouse } from '../../../dashboards/clickhouse-query.ts'
import { prometheus } from '../../../dashboards/metrics.ts'
import { readYaml } from './files.ts'
import { type GrafanaServer, grafanaServer } from './grafana-server.ts'
import { DataSourceFile } from './provisioning.ts'

const Board = z.looseObject({
  uid: z.string(),
  title: z.string(),
  panels: z.array(
    z.looseObject({
      type: z.string(),
      title: z.string().optional(),
      gridPos: z.looseObject({ y: z.number(), h: z.number() }),
      targets: z.array(z.unknown()).default([]),
    }),
  ),
})
export type CopiedBoard = z.infer<typeof Board>

/** Where that Grafana, not a test, finds ClickHouse and Prometheus; contact points are told nothing. */
const environment: Readonly<Record<string, string>> = {
  GATEWATCH_CLICKHOUSE_HOST: process.env['GRAFANA_CLICKHOUSE_HOST'] ?? 'clickhouse',
  GATEWATCH_CLICKHOUSE_PASSWORD: process.env['GRAFANA_CLICKHOUSE_PASSWORD'] ?? '',
  GATEWATCH_PROMETHEUS_URL: process.env['GRAFANA_PROMETHEUS_URL'] ?? 'http://prometheus:9090',
}
const NOWHERE = 'http://127.0.0.1:9'

/** Where `GRAFANA_URL` leads, or '' where it is not set. */
export const grafanaUrl = process.env['GRAFANA_URL'] ?? ''
export const grafanaToken = process.env['GRAFANA_TOKEN'] ?? ''

/** Data sources, a folder and dashboards in the Grafana that `GRAFANA_URL` names. */
export interface GrafanaCopy {
  readonly grafana: GrafanaServer
  /** Part of every name, so that what is there already is neither changed nor deleted; the folder's uid. */
  readonly mark: string
  readonly boards: readonly CopiedBoard[]
  /** Uids of data sources and dashboards with the mark of this run, unless they have it. */
  readonly marked: (text: string) => string
  /** With the mark, and with what a deployment fills in. */
  readonly filled: (value: unknown) => unknown
  /** Makes the data sources and the folder. */
  readonly bring: () => Promise<void>
  /** Deletes what `path` names; what was never made says so, and that is well. */
  readonly gone: (path: string) => Promise<void>
  /** Deletes dashboards, folder and data sources. */
  readonly takeAway: () => Promise<void>
}

export function grafanaCopy(): GrafanaCopy {
  const grafana = grafanaServer(grafanaUrl, grafanaToken)
  const mark = `gwtest-${randomBytes(3).toString('hex')}`
  const { datasources } = DataSourceFile.parse(
    readYaml('deploy/grafana/provisioning/datasources/gatewatch.yaml'),
  )
  const marked = (text: string): string =>
    text
      .replaceAll(new RegExp(`(${clickhouse.uid}|${prometheus.uid})(?!-gwtest)`, 'g'), `$1-${mark}`)
      .replaceAll(
        /"uid":\s*"gatewatch-(?!clickhouse|prometheus)([\w-]+)"/g,
        (_m, name: string) => `"uid":"${mark}-${name}"`,
      )
  const filled = (value: unknown): unknown =>
    JSON.parse(
      marked(JSON.stringify(value)).replaceAll(
        /\$\{(\w+)\}/g,
        (_m, name: string) => environment[name] ?? NOWHERE,
      ),
    )
  const boards = dashboards().map((board) => Board.parse(JSON.parse(marked(fileOf(board).text))))
  const gone = async (path: string): Promise<void> => {
    await grafana
      .call('DELETE', path)
      .catch((error: unknown) => process.stderr.write(`left behind? ${String(error)}\n`))
  }
  return {
    grafana,
    mark,
    boards,
    marked,
    filled,
    gone,
    async bring() {
      for (const { name, ...source } of datasources)
        await grafana.call('POST', 'api/datasources', filled({ ...source, name: `${name} ${mark}` }))
      await grafana.call('POST', 'api/folders', { uid: mark, title: `Gatewatch ${mark}` })
    },
    async takeAway() {
      for (const { uid } of boards) await gone(`api/dashboards/uid/${uid}`)
      await gone(`api/folders/${mark}`)
      for (const { uid } of datasources) await gone(`api/datasources/uid/${marked(uid)}`)
    },
  }
}
