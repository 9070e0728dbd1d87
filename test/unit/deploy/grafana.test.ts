import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FINDINGS_A_DAY } from '../../../dashboards/alerts/people-alerts.ts'
import { FOLDER } from '../../../dashboards/alerts/rule-file.ts'
import { ruleFiles, storeAlerts } from '../../../dashboards/alerts/rule-files.ts'
import { dashboards } from '../../../dashboards/catalogue.ts'
import { clickhouse } from '../../../dashboards/clickhouse-query.ts'
import { prometheus } from '../../../dashboards/metrics.ts'
import { Config } from '../../../services/config.ts'
import { READER_LIMITS } from '../../../services/runtime/clickhouse/readers/limits.ts'
import { profileXml } from '../../../services/runtime/clickhouse/readers/reader-xml.ts'
import { ROOT, readText, readYaml } from '../../support/deploy/files.ts'
import {
  ContactPointFile,
  DataSourceFile,
  PolicyFile,
  ProviderFile,
  RuleFile,
  type ProvisionedRule,
} from '../../support/deploy/provisioning.ts'
import { everyRule, readRules } from '../../support/deploy/rules.ts'

const PROVISIONING = 'deploy/grafana/provisioning'
const files = (directory: string) => readdirSync(join(ROOT, directory)).map((name) => `${directory}/${name}`)
const built = dashboards()
const written = ruleFiles(built, readRules().groups)
const kept = written.map(({ name }) => ({ name, file: readRuleFile(name) }))
const groups = kept.flatMap(({ file }) => file.groups)
const rules = groups.flatMap((group) => group.rules)
const alerts = storeAlerts.flatMap((group) => group.alerts)
const anchors = [...readText('deploy/runbooks.md').matchAll(/^## (.+)$/gm)].map(([, title]) =>
  title?.toLowerCase().replaceAll(' ', '-'),
)
const ENVIRONMENT = /^\$\{GATEWATCH_[A-Z_]+\}$/

describe('alert rules of Grafana', () => {
  it.each(written)(
    '$name is what the code says; `node dashboards/generate.ts` writes it anew',
    ({ name, text }) => {
      expect(readText(`${PROVISIONING}/alerting/${name}`)).toBe(text)
    },
  )

  it('have ids and titles of their own, and the ones they always had', () => {
    for (const field of ['uid', 'title'] as const) {
      const all = rules.map((rule) => rule[field])
      const own = field === 'uid' ? new Set(all) : new Set(groups.flatMap((g) => g.rules.map((r) => r.title)))
      expect(own.size).toBe(all.length)
    }
    expect(alerts.map(({ name }) => name)).toEqual([
      'nothing-arrives',
      'let-through',
      'refusals',
      'gap',
      'unvouched',
      'tenant-silent',
      'over-budget',
      'story-waits',
    ])
  })

  it.each(rules)('$title hangs together', (rule) => {
    const nodes = new Map(rule.data.map((node) => [node.refId, node]))
    expect([...nodes.keys()]).toContain(rule.condition)
    for (const node of rule.data) {
      expect(node.model.refId).toBe(node.refId)
      expect([clickhouse.uid, prometheus.uid, '__expr__']).toContain(node.datasourceUid)
      const read = node.datasourceUid === '__expr__' ? readBy(node.model) : []
      expect(read.filter((name) => !nodes.has(name))).toEqual([])
    }
    for (const { relativeTimeRange } of rule.data.filter(({ datasourceUid }) => datasourceUid !== '__expr__'))
      expect(relativeTimeRange.from).toBeGreaterThan(relativeTimeRange.to)
    const [file, anchor] = rule.annotations.runbook_url.split('#')
    expect(file).toBe('deploy/runbooks.md')
    expect(anchors).toContain(anchor)
    const panels = built.find(({ uid }) => uid === rule.dashboardUid)?.panels?.map(({ id }) => id)
    expect([undefined, ...(panels ?? [])]).toContain(rule.panelId)
  })

  it.each(rules)('$title says nothing that Grafana would take for a variable of its environment', (rule) => {
    for (const text of [...Object.values(rule.labels), ...Object.values(rule.annotations)])
      expect(text).not.toContain('$')
  })

  it.each(rules)('$title names only what its templates know', (rule) => {
    const text = [...Object.values(rule.annotations), ...Object.values(rule.labels)].join(' ')
    const values = [...text.matchAll(/\.Values\.(\w+)/g)].map(([, name]) => name)
    expect(values.filter((name) => !rule.data.some(({ refId }) => refId === name))).toEqual([])
    const sql = rule.data[0]?.model['rawSql']
    // Labels of a series of Prometheus are known to Prometheus alone.
    if (typeof sql !== 'string') return
    const columns = [...sql.matchAll(/ AS (\w+)/g)].map(([, name]) => name)
    const labels = [...text.matchAll(/\.Labels\.(\w+)/g)].map(([, name]) => name)
    expect(labels.filter((name) => !columns.includes(name))).toEqual([])
  })

  it.each(rules.filter(({ execErrState }) => execErrState === 'Error'))(
    '$title says that it is not evaluated where its query fails',
    ({ title, annotations: { summary, description } }) => {
      expect(summary).toMatch(/^\{\{ if \.Values\.\w+ \}\}.+\{\{ else \}\}.+\{\{ end \}\}$/)
      expect(summary).toContain(`{{ else }}${title} is not evaluated: its query failed.`)
      expect(description).not.toContain('.Values.')
    },
  )

  it('fire in their own words with a number only where a query that fails is told as such', () => {
    const others = rules.filter(({ execErrState }) => execErrState !== 'Error')
    expect(others.map(({ title }) => title)).toEqual(['GatewatchNothingArrives'])
    expect(JSON.stringify(others.map(({ annotations }) => annotations))).not.toContain('.Values.')
  })

  it('are asked in steps that Grafana can keep', () => {
    for (const { interval, rules: own, folder } of groups) {
      expect(folder).toBe(FOLDER)
      expect(seconds(interval) % 10).toBe(0)
      expect(
        own.filter((rule) => seconds(rule.for) % seconds(interval) !== 0).map(({ title }) => title),
      ).toEqual([])
    }
  })

  it.each(alerts)('$title says what happened, what it means, and what to do', (alert) => {
    expect(alert.summary).toMatch(/^.{15,140}\.$/)
    expect(alert.description.length).toBeGreaterThan(80)
    expect(alert.sql).toMatch(/\$__timeFilter(_ms)?\(/)
    expect(alert.state_because).toMatch(/\.$/)
  })

  it('leave to Prometheus what Prometheus evaluates, all of it and unchanged', () => {
    const imported = rules.filter((rule) => rule.data[0]?.datasourceUid === prometheus.uid)
    expect(imported.map((rule) => [rule.title, exprOf(rule)])).toEqual(
      everyRule().map(({ alert, expr }) => [alert, expr.trim()]),
    )
    for (const { isPaused } of imported) expect(isPaused).toMatch(ENVIRONMENT)
    for (const { isPaused } of rules.filter((rule) => !imported.includes(rule)))
      expect(isPaused).toBeUndefined()
  })

  it('take the budget from the configuration as it comes', () => {
    expect(FINDINGS_A_DAY).toBe(2 * Config.parse({}).scoring.findings_per_day)
  })
})

describe('contact points and the policy', () => {
  const own = `${PROVISIONING}/alerting/contact-points.yaml`
  const [policy] = PolicyFile.parse(readYaml(`${PROVISIONING}/alerting/notification-policy.yaml`)).policies

  it.each([own, ...files('deploy/grafana/contact-points')])(
    '%s has every receiver that the policy names',
    (file) => {
      const { contactPoints } = ContactPointFile.parse(readYaml(file))
      const named = new Set([policy.receiver, ...policy.routes.map(({ receiver }) => receiver)])
      expect(new Set(contactPoints.map(({ name }) => name))).toEqual(named)
    },
  )

  it.each([own, ...files('deploy/grafana/contact-points')])(
    '%s takes addresses and secrets from the environment',
    (file) => {
      const { contactPoints } = ContactPointFile.parse(readYaml(file))
      const taken = contactPoints
        .flatMap(({ receivers }) => receivers)
        .flatMap(({ settings }) => Object.entries(settings))
        .filter(([name]) => /url|key|credentials/i.test(name))
      expect(taken.length).toBeGreaterThan(0)
      expect(taken.filter(([, value]) => !ENVIRONMENT.test(value))).toEqual([])
    },
  )

  it('repeat an alert before Alertmanager takes it for over', () => {
    const { global } = z
      .looseObject({ global: z.object({ resolve_timeout: z.string() }) })
      .parse(readYaml('deploy/alertmanager/alertmanager.yaml'))
    const latest = seconds(policy.repeat_interval) + seconds(policy.group_interval)
    expect(seconds(global.resolve_timeout)).toBeGreaterThan(latest)
  })

  it('group by labels that alerts have', () => {
    const labels = new Set(['alertname', 'severity', 'part', 'datasource_uid', ...alerts.flatMap(labelsOf)])
    const named = [policy.group_by, ...policy.routes.map(({ group_by }) => group_by ?? [])].flat()
    expect(named.filter((name) => !labels.has(name))).toEqual([])
  })
})

describe('data sources and dashboards', () => {
  const { datasources } = DataSourceFile.parse(readYaml(`${PROVISIONING}/datasources/gatewatch.yaml`))
  const { providers } = ProviderFile.parse(readYaml(`${PROVISIONING}/dashboards/gatewatch.yaml`))

  it('are the ones that dashboards and alerts name, with secrets by reference', () => {
    expect(datasources.map(({ uid, type }) => ({ uid, type }))).toEqual([clickhouse, prometheus])
    for (const { secureJsonData = {} } of datasources)
      for (const value of Object.values(secureJsonData)) expect(value).toMatch(ENVIRONMENT)
  })

  it('ask within what the account may take: the plugin adds five seconds to its timeouts', () => {
    expect(readText('deploy/clickhouse/reader.xml')).toBe(profileXml())
    const most = READER_LIMITS.find(({ setting }) => setting === 'max_execution_time')?.most ?? 0
    const { queryTimeout, dialTimeout } = z
      .looseObject({ queryTimeout: z.string(), dialTimeout: z.string() })
      .parse(datasources[0]?.jsonData)
    for (const timeout of [queryTimeout, dialTimeout]) expect(Number(timeout) + 5).toBeLessThanOrEqual(most)
  })

  it('are in the folder of the alert rules', () => {
    expect(providers.map(({ folder }) => folder)).toEqual([FOLDER])
    expect(existsSync(join(ROOT, 'deploy/grafana/dashboards'))).toBe(true)
  })
})

function readRuleFile(name: string) {
  return RuleFile.parse(readYaml(`${PROVISIONING}/alerting/${name}`))
}

/** The nodes that an expression reads. */
function readBy(model: Readonly<Record<string, unknown>>): string[] {
  const expression = String(model['expression'])
  const named = [...expression.matchAll(/\$(\w+)/g)].map(([, name = '']) => name)
  return model['type'] === 'math' ? named : [expression]
}

function exprOf(rule: ProvisionedRule): unknown {
  return rule.data[0]?.model['expr']
}

function labelsOf({ sql }: { readonly sql: string }): string[] {
  return [...sql.matchAll(/toString\(\w+\) AS (\w+)/g)].map(([, name = '']) => name)
}

function seconds(duration: string): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? []
  return Number(count) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? Number.NaN)
}
