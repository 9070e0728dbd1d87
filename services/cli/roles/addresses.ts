import type { Config } from '../../config.ts'
import type { Demo } from '../../demo/main.ts'
import type { StartedRoles } from './start-roles.ts'

export interface Addresses {
  readonly config: Config
  readonly where: StartedRoles
  readonly token: string
  readonly demo: Demo | null
  readonly logFile: string
}

/** Where things are, as lines for the terminal. The token stands in a fragment, which browsers send nowhere. */
export function whereThingsAre({ config, where, token, demo, logFile }: Addresses): string[] {
  const url = (tls: unknown, host: string, port: number | null): string =>
    `${tls ? 'https' : 'http'}://${shown(host)}:${port ?? 0}`
  const { gateway, feedback } = config
  const lines = [
    label('Console', `${url(feedback.tls, feedback.host, where.feedback_port)}/#token=${token}`),
    label(
      'Gateway',
      demo ? demo.app_urls.join('  ') : url(gateway.listen.tls, gateway.listen.host, where.gateway_port),
    ),
    label(
      'Decisions',
      `${url(gateway.decision_point.tls, gateway.decision_point.host, where.decision_port)}/access/v1/evaluation (AuthZEN)`,
    ),
    label('Health', `${url(null, config.admin.host, where.admin_port)}/health/ready and /metrics`),
  ]
  if (where.store_port !== null) lines.push(label('ClickHouse', `http://localhost:${where.store_port}`))
  if (demo)
    lines.push(
      label(
        'Sign in',
        `as ${demo.guest.account} with ${demo.guest.password} (identity provider: ${demo.issuer})`,
      ),
    )
  lines.push(label('Log', logFile))
  return lines
}

function label(name: string, text: string): string {
  return `  ${name.padEnd(11)}${text}`
}

function shown(host: string): string {
  if (host === '127.0.0.1' || host === '::1' || host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
