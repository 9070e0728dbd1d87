import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROLES, type Role } from '../../services/cli/roles/role.ts'
import {
  startAlertmanager,
  hasAlertmanager,
  type AlertmanagerProcess,
} from '../support/feedback/alertmanager-process.ts'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { runCliProcess, type CliProcess } from '../support/whole/cli-process.ts'
import { ROOT, readYaml } from '../support/deploy/files.ts'
import { everyRule, metricsIn, readRules } from '../support/deploy/rules.ts'
import { eventually } from '../support/eventually.ts'
import { startCatcher, type HttpCatcher } from '../support/feedback/http-catcher.ts'
import { hasPrometheus, startPrometheus, type PrometheusProcess } from '../support/prometheus-process.ts'

const Config = z.looseObject({
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      dns_sd_configs: z.array(
        z.object({ names: z.array(z.string()), type: z.literal('A'), port: z.number() }),
      ),
      relabel_configs: z.unknown(),
    }),
  ),
})
const Targets = z.object({
  activeTargets: z.array(
    z.object({ health: z.string(), lastError: z.string(), labels: z.record(z.string(), z.string()) }),
  ),
})
const Groups = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
    }),
  ),
})
const Vector = z.object({
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
  ),
})
const Notified = z.object({
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
})

describe.skipIf(!hasPrometheus() || !hasAlertmanager())(
  'a real Prometheus with every role as a process of its own',
  () => {
    const roles = new Map<Role, CliProcess>()
    const adminPorts = new Map<Role, number>()
    let directory: string
    let pager: HttpCatcher
    let alertmanager: AlertmanagerProcess
    let prometheus: PrometheusProcess

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'gatewatch-scrape-'))
      const [proxy, decisions, console, ...admin] = await freePorts(3 + ROLES.length)
      for (const [index, role] of ROLES.entries()) {
        const port = admin[index] ?? 0
        adminPorts.set(role, port)
        const env = {
          GATEWATCH_DATA_DIR: join(directory, 'data'),
          GATEWATCH_ADMIN__PORT: String(port),
          GATEWATCH_GATEWAY__LISTEN__PORT: String(proxy),
          GATEWATCH_GATEWAY__DECISION_POINT__PORT: String(decisions),
          GATEWATCH_GATEWAY__POLICY_FILE: join(ROOT, 'deploy/policies/intranet.yaml'),
          GATEWATCH_FEEDBACK__PORT: String(console),
          GATEWATCH_SCORING__RULES__DIRECTORY: join(ROOT, 'deploy/rules'),
        }
        roles.set(role, runCliProcess(['run', role], env, directory))
      }
      pager = await startCatcher()
      alertmanager = await startAlertmanager(`${pager.url}/page`)
      prometheus = await startPrometheus(config(), rules())
    })
    afterAll(async () => {
      await prometheus?.stop()
      await alertmanager?.stop()
      await pager?.close()
      await Promise.all([...roles.values()].map((one) => one.stop('SIGTERM')))
      await rm(directory, { recursive: true, force: true })
    })

    /** The shipped configuration, with loopback in place of names, faster. */
    function config() {
      const shipped = Config.parse(readYaml('deploy/prometheus/prometheus.yaml'))
      expect(
        shipped.scrape_configs
          .flatMap(({ dns_sd_configs }) => dns_sd_configs.flatMap(({ names }) => names))
          .sort(),
      ).toEqual([...ROLES].sort())
      return {
        ...shipped,
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }] },
        scrape_configs: shipped.scrape_configs.map(({ dns_sd_configs, ...job }) => ({
          ...job,
          static_configs: dns_sd_configs
            .flatMap(({ names }) => names)
            .map((name) => ({
              targets: [`127.0.0.1:${[...adminPorts].find(([role]) => role === name)?.[1]}`],
              labels: { __meta_dns_name: name },
            })),
        })),
      }
    }

    /** The shipped rules; nobody waits a minute here. */
    function rules() {
      return {
        groups: readRules().groups.map((group) => ({
          ...group,
          rules: group.rules.map((rule) => ({ ...rule, for: '0s' })),
        })),
      }
    }

    const vector = async (query: string) =>
      Vector.parse(await prometheus.ask(`query?query=${encodeURIComponent(query)}`)).result

    it('scrapes them all, each under its role', async () => {
      const scraped = await eventually('every role is up', async () => {
        const { activeTargets } = Targets.parse(await prometheus.ask('targets?state=active'))
        return activeTargets.filter(({ health }) => health === 'up').length === ROLES.length
          ? activeTargets
          : null
      })
      expect(scraped.map(({ labels }) => `${labels['job']} ${labels['role']}`).sort()).toEqual(
        ROLES.map((role) => `gatewatch ${role}`).sort(),
      )
    })

    it('takes every rule, and none fails', async () => {
      const health = await eventually('every rule was evaluated', async () => {
        const { groups } = Groups.parse(await prometheus.ask('rules?type=alert'))
        const found = groups.flatMap((group) => group.rules)
        return found.every((rule) => rule.health !== 'unknown') ? found : null
      })
      expect(health.filter(({ health }) => health !== 'ok')).toEqual([])
      expect(health.map(({ name }) => name).sort()).toEqual(
        everyRule()
          .map(({ alert }) => alert)
          .sort(),
      )
    })

    it('finds every metric that a rule names, where the process of that role has it', async () => {
      const wanted = new Set(everyRule().flatMap(({ expr }) => metricsIn(expr)))
      expect(wanted.size).toBeGreaterThan(10)
      const known = await eventually('the metadata of what was scraped', async () => {
        const metadata = z.record(z.string(), z.unknown()).parse(await prometheus.ask('metadata?limit=10000'))
        return [...wanted].every((name) => name in metadata || ONLY_KAFKA.has(name)) ? metadata : null
      }).catch(async () =>
        z.record(z.string(), z.unknown()).parse(await prometheus.ask('metadata?limit=10000')),
      )
      expect([...wanted].filter((name) => !(name in known) && !ONLY_KAFKA.has(name))).toEqual([])
    })

    it('sees the lag of every reader, and none stays behind', async () => {
      const readers = ['scoring', 'scoring-source', 'storage', 'feedback', 'feedback-usage']
      const lags = await eventually('each reader, and none of them late', async () => {
        const found = await vector('max by (group) (gatewatch_log_lag_seconds)')
        const late = new Map(found.map(({ metric, value }) => [metric['group'], Number(value[1])]))
        return readers.every((group) => (late.get(group) ?? Infinity) < 30) ? late : null
      })
      expect([...lags.keys()]).toEqual(expect.arrayContaining(readers))
    })

    it('pages when a role ends', async () => {
      // What came up late was told about too; this is about what is said from now on.
      const before = pager.caught.length
      await roles.get('storage')?.stop('SIGKILL')
      const alert = await eventually('a page', () =>
        pager.caught
          .slice(before)
          .flatMap(({ body }) => Notified.parse(JSON.parse(body)).alerts)
          .find(
            ({ status, labels }) =>
              status === 'firing' &&
              labels['alertname'] === 'GatewatchRoleDown' &&
              labels['role'] === 'storage',
          ),
      )
      expect(alert).toMatchObject({
        labels: { role: 'storage', severity: 'critical', part: 'storage' },
        annotations: { summary: expect.stringMatching(/^storage on 127\.0\.0\.1:\d+ does not answer\.$/) },
      })
    })
  },
)

/** Registered by the Kafka driver only, which these processes don't have; test/unit/deploy/prometheus.test.ts holds them. */
const ONLY_KAFKA = new Set<string>()
