import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { CollectorConfig } from '../../collector/live/config.ts'
import type { Demo } from '../../demo/main.ts'
import { RulesConfig } from '../../scoring/rules/config.ts'

/**
 * What the demo sets where the configuration says nothing: its people come
 * through loopback and name their address there, and fifty people can't be
 * attacked in turn for hours if each stays restricted for hours, so everything
 * that heals with time heals quickly; and all attacks are to be found, though
 * there are more in a day than anybody would look at. A real deployment keeps
 * the defaults.
 */
export const DEMO_DEFAULTS = {
  gateway: { trusted_proxies: ['127.0.0.0/8', '::1/128'] },
  scoring: { findings_per_day: 900, calibrate_on_import: true },
  feedback: {
    half_life: { session: '20m', subject: '20m', device: '20m', source: '20m' },
    restriction: { ttl_medium: '2m', ttl_high: '3m', ttl_confirmed: '10m', max: '10m' },
    // All of the fifty, also at an hour at which few of them have been seen at work.
    circuit_breaker: { share: 1, min_count: 50 },
    stories: { join_gap: '3m', quiet: '5m', max_age: '30m' },
  },
} as const

/** The demo has a data directory of its own below the configured one. */
export function inDemoDirectory(config: Config): Config {
  return { ...config, data_dir: join(config.data_dir, 'demo') }
}

function pagerOf({ pager: { url, secret_file } }: Demo) {
  return { url, secret_file }
}

/** The configuration of the roles once the demo's world stands. */
export function withDemo(config: Config, demo: Demo): Config {
  const { issuer, client_id, client_secret_file, audience } = demo
  return {
    ...config,
    scoring: {
      ...config.scoring,
      networks_file: demo.networks_file,
      rules: config.scoring.rules ?? RulesConfig.parse({ directory: demo.rules_directory }),
    },
    collector: {
      ...config.collector,
      sources: [
        ...config.collector.sources,
        ...CollectorConfig.parse({
          sources: [
            {
              kind: 'file',
              name: 'old-proxy',
              format: 'nginx',
              path: demo.access_log_file,
              from: 'beginning',
            },
          ],
        }).sources,
      ],
    },
    feedback: {
      ...config.feedback,
      alerts: {
        ...config.feedback.alerts,
        webhooks: [...config.feedback.alerts.webhooks, { name: 'demo-pager', ...pagerOf(demo) }],
      },
    },
    gateway: {
      ...config.gateway,
      policy_file: demo.policy_file,
      console_url: `http://localhost:${config.feedback.port}`,
      oidc: {
        issuer,
        client_id,
        client_secret_file,
        audience,
        scopes: ['openid', 'profile'],
        algorithms: ['ES256'],
        subject_claim: 'sub',
        groups_claim: 'groups',
        roles_claim: 'roles',
        timeout: 5000,
      },
    },
  }
}
