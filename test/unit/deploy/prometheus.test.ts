import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROLES } from '../../../services/cli/roles/role.ts'
import { Config } from '../../../services/config.ts'
import { topics } from '../../../schemas/topics.ts'
import { storeAlerts } from '../../../dashboards/alerts/rule-files.ts'
import { alertCases, leftOverCases } from '../../support/deploy/alert-cases.ts'
import { readCompose } from '../../support/deploy/compose.ts'
import { ROOT, readText, readYaml } from '../../support/deploy/files.ts'
import { registeredMetrics } from '../../support/deploy/registered-metrics.ts'
import { everyRule, metricsIn } from '../../support/deploy/rules.ts'
import { hasPrometheus } from '../../support/prometheus-process.ts'

const rules = everyRule()
const registered = registeredMetrics()
const runbooks = readText('deploy/runbooks.md')
const anchors = [...runbooks.matchAll(/^## (.+)$/gm)].map(([, title]) =>
  title?.toLowerCase().replaceAll(' ', '-'),
)
const RULES = join(ROOT, 'deploy/prometheus/rules.yaml')
const promtool = (...args: string[]) =>
  execFileSync('/usr/bin/promtool', args, { encoding: 'utf8', stdio: 'pipe' })

const Inhibitions = z.object({
  inhibit_rules: z.array(
    z.strictObject({ source_matchers: z.array(z.string()), target_matchers: z.array(z.string()) }),
  ),
})

describe('deploy/prometheus/rules.yaml', () => {
  it.skipIf(!hasPrometheus())('passes promtool', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', RULES)).toContain('SUCCESS')
  })

  it.skipIf(!hasPrometheus())(
    'fires each alert when it should, with what it says, and none while all is well',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'gatewatch-rules-'))
      const cases = alertCases(rules, RULES)
      for (const [name, text] of cases) writeFileSync(join(directory, name), text)
      const tests = [...cases.keys()].filter((name) => name.endsWith('.test.yaml'))
      try {
        const said = promtool('test', 'rules', ...tests.map((name) => join(directory, name)))
        expect(said.match(/SUCCESS/g)).toHaveLength(rules.length + 1)
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
      expect(leftOverCases(rules)).toEqual([])
    },
  )

  it.each(rules)('$alert names metrics and labels that the code registers', ({ expr, annotations }) => {
    const named = [...metricsIn(expr), ...metricsIn(annotations.description)]
    expect(named.filter((name) => !registered.has(name))).toEqual([])
    for (const [, metric = '', matchers = ''] of expr.matchAll(/\b(gatewatch_\w+)\{([^}]*)\}/g)) {
      const [name = ''] = metricsIn(metric)
      const labels = [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => String(label))
      const known = registered.get(name) ?? labels
      expect(labels.filter((label) => !['job', 'role', 'instance', ...known].includes(label))).toEqual([])
    }
    const roles = [...expr.matchAll(/role="(\w+)"/g)].map(([, role]) => role)
    expect(roles.filter((role) => !(ROLES as readonly unknown[]).includes(role))).toEqual([])
  })

  it.each(rules)(
    '$alert says what happened, what it means, what to do, and where to read on',
    ({ annotations }) => {
      expect(annotations.summary).toMatch(/^.{15,140}\.$/)
      expect(annotations.description.length).toBeGreaterThan(80)
      const [file, anchor] = annotations.runbook_url.split('#')
      expect(file).toBe('deploy/runbooks.md')
      expect(anchors).toContain(anchor)
    },
  )

  it('speaks of every role by name where none of it is left', () => {
    const { expr = '' } = rules.find(({ alert }) => alert === 'GatewatchRoleAbsent') ?? {}
    expect([...expr.matchAll(/role="(\w+)"/g)].map(([, role]) => String(role)).sort()).toEqual(
      [...ROLES].sort(),
    )
  })

  it('has no runbook that nobody asks for', () => {
    const asked = [
      ...rules.map(({ annotations }) => annotations.runbook_url.split('#')[1]),
      ...storeAlerts.flatMap((group) => group.alerts.map(({ runbook }) => runbook)),
    ]
    expect(anchors.filter((anchor) => !asked.includes(anchor))).toEqual([])
  })

  it('has alerts in the inhibitions of Alertmanager that exist', () => {
    const { inhibit_rules } = Inhibitions.parse(readYaml('deploy/alertmanager/alertmanager.yaml'))
    const known = [
      ...rules.map(({ alert }) => alert),
      ...storeAlerts.flatMap((group) => group.alerts.map(({ title }) => title)),
      // Grafana's own, where a rule's query fails.
      'DatasourceError',
    ]
    const named = inhibit_rules
      .flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers])
      .flatMap((matcher) => /^alertname=~?"(.+)"$/.exec(matcher)?.[1]?.split('|') ?? [])
    expect(named.length).toBeGreaterThanOrEqual(2 * inhibit_rules.length)
    for (const name of named)
      expect(known.filter((alert) => new RegExp(`^${name}$`).test(alert))).not.toEqual([])
  })
})

describe('runbooks', () => {
  it('names metrics, topics and files that exist', () => {
    const named = runbooks.match(/\bgatewatch_[a-z]\w+/g) ?? []
    expect(named.filter((name) => !registered.has(name))).toEqual([])
    const mentioned = runbooks.match(/\b[a-z]+\.[a-z]+\.v\d\b/g) ?? []
    expect(mentioned.filter((name) => !topics.some((topic) => topic.name === name))).toEqual([])
    const files = [...runbooks.matchAll(/`((?:deploy|prometheus)\/[\w./-]+)`/g)].map(([, path = '']) =>
      path.replace(/^prometheus/, 'deploy/prometheus'),
    )
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

describe('deploy/prometheus/prometheus.yaml', () => {
  it.skipIf(!hasPrometheus())('passes promtool', () => {
    expect(
      promtool('check', 'config', '--syntax-only', join(ROOT, 'deploy/prometheus/prometheus.yaml')),
    ).toContain('SUCCESS')
  })

  it('scrapes every role on its admin port, by the names that Compose gives', () => {
    const Scrape = z.object({
      rule_files: z.array(z.string()),
      scrape_configs: z.array(
        z.object({
          job_name: z.string(),
          dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })),
        }),
      ),
    })
    const { rule_files, scrape_configs } = Scrape.parse(readYaml('deploy/prometheus/prometheus.yaml'))
    expect(rule_files.filter((file) => !existsSync(join(ROOT, 'deploy/prometheus', file)))).toEqual([])
    expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(['gatewatch'])
    const targets = scrape_configs.flatMap(({ dns_sd_configs }) => dns_sd_configs)
    expect(targets.flatMap(({ names }) => names).sort()).toEqual([...ROLES].sort())
    expect(targets.map(({ port }) => port)).toEqual([Config.parse({}).admin.port])
    const { services } = readCompose()
    expect(targets.flatMap(({ names }) => names).filter((name) => !services[name])).toEqual([])
  })

  it('gives the adapter of the autoscaler metrics that exist', () => {
    const named = metricsIn(readText('deploy/prometheus/adapter-rules.yaml'))
    expect(named).toEqual(['gatewatch_log_lag_seconds'])
    expect(named.filter((name) => !registered.has(name))).toEqual([])
  })
})
