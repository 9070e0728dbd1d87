import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import { afterAll, describe, expect, it } from 'vitest'
import { ROLES } from '../../../services/cli/roles/role.ts'
import { composeWorkloads, readCompose } from '../../support/deploy/compose.ts'
import { ROOT, readText } from '../../support/deploy/files.ts'
import { configOf, helpOf } from '../../support/deploy/workload.ts'

const compose = readCompose()
const services = Object.entries(compose.services)
const workloads = composeWorkloads(compose)
const deploy = (path: string) => join(ROOT, 'deploy', path)

const directory = mkdtempSync(join(tmpdir(), 'gatewatch-secrets-'))
const makeSecrets = () => execFileSync('sh', [deploy('compose/make-secrets.sh'), join(directory, 'secrets')])
makeSecrets()
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const secret = (name: string) => readFileSync(join(directory, 'secrets', name), 'utf8')

describe('deploy/compose.yaml', () => {
  it('keeps the specification and the rules of a linter', () => {
    expect(complaintsAbout(deploy('compose.yaml'))).toEqual([])
  })

  it('would not pass with a key that Compose does not know', () => {
    const file = join(directory, 'compose.yaml')
    writeFileSync(file, readText('deploy/compose.yaml').replace('stop_grace_period: 15s', 'grace: 15s'))
    expect(complaintsAbout(file)).toContainEqual(expect.objectContaining({ rule: 'invalid-schema' }))
  })

  it('runs every role, each by a command that exists', async () => {
    const run = workloads.filter(({ command }) => command[0] === 'run').map(({ command }) => command.slice(1))
    expect(run.flat().sort()).toEqual([...ROLES].sort())
    for (const { command } of workloads) {
      const [name = '', ...options] = command
      const help = await helpOf(name)
      for (const option of options.filter((word) => word.startsWith('--'))) expect(help).toContain(option)
      expect(help).not.toBe('')
    }
  })

  it.each(workloads)('$name: every variable and every setting exists', (workload) => {
    const config = configOf(workload)
    expect(config.kafka?.brokers).toEqual(['kafka:9092'])
    expect(config.admin.host).toBe('0.0.0.0')
  })

  it('publishes ports that the process behind them listens on, beyond loopback inside the container', () => {
    const listeners = workloads.flatMap((workload) => {
      const { gateway, feedback, collector } = configOf(workload)
      if (workload.command[1] === 'gateway') return [gateway.listen, gateway.decision_point]
      if (workload.command[1] === 'collector') return [collector.http]
      return workload.command[1] === 'feedback' ? [feedback] : []
    })
    const published = services
      .filter(([, { image }]) => image.startsWith('gatewatch:'))
      .flatMap(([, { ports }]) => ports)
    expect(published.sort()).toEqual(listeners.map(({ port }) => `127.0.0.1:${port}:${port}`).sort())
    expect(listeners.every(({ host }) => host === '0.0.0.0')).toBe(true)
  })

  it('names hosts and ports that other services have', () => {
    const { kafka, clickhouse, feedback } = configOf(workloads[0] ?? failed())
    const named = [
      ...(kafka?.brokers ?? []),
      new URL(clickhouse.url ?? '').host,
      ...feedback.alerts.alertmanager.urls.map((url) => new URL(url).host),
      ...['PROMETHEUS', 'ALERTMANAGER'].map(
        (name) => new URL(compose.services['grafana']?.environment[`GATEWATCH_${name}_URL`] ?? '').host,
      ),
      `${compose.services['grafana']?.environment['GATEWATCH_CLICKHOUSE_HOST']}:8123`,
    ]
    const there = ['kafka:9092', 'clickhouse:8123', 'alertmanager:9093', 'prometheus:9090']
    expect(new Set(named)).toEqual(new Set(there))
    expect(
      there.map((address) => address.split(':')[0]).filter((name) => !compose.services[String(name)]),
    ).toEqual([])
    const properties = readText('deploy/compose/kafka.properties')
    expect(properties).toMatch(/^advertised\.listeners=PLAINTEXT:\/\/kafka:9092$/m)
  })

  it('mounts only what is in the tree or what make-secrets.sh writes', () => {
    const binds = services.flatMap(([, { volumes }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? '').filter((source) => source.startsWith('.')),
    )
    const files = Object.values(compose.configs).map(({ file }) => file)
    expect([...binds, ...files].filter((path) => !existsSync(deploy(path)))).toEqual([])
    const secrets = Object.values(compose.secrets).map(({ file }) => file.replace('compose/secrets/', ''))
    expect(secrets.sort()).toEqual(readdirSync(join(directory, 'secrets')).sort())
    const declared = new Set(Object.keys(compose.secrets))
    const used = services.flatMap(([, service]) =>
      service.secrets.map((one) => (typeof one === 'string' ? one : one.source)),
    )
    expect(new Set(used)).toEqual(declared)
  })

  it('reads secrets from where they are mounted', () => {
    for (const workload of workloads)
      expect(configOf(workload).clickhouse.password_file).toBe('/run/secrets/clickhouse-writer')
    const { environment } = compose.services['grafana'] ?? failed()
    expect(environment['GF_SECURITY_ADMIN_PASSWORD__FILE']).toBe('/run/secrets/grafana-admin')
  })

  it.each(services)('%s: read-only, without privileges, not root, bounded, watched', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      privileged: false,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
    expect(service.user).not.toMatch(/^(root|0)(:|$)/)
    expect(service.image).toMatch(/:v?\d+\.\d+\.\d+(\.\d+)?$/)
    // What runs once has no health; our own image brings its check with it.
    const watched = service.healthcheck !== undefined || service.image.startsWith('gatewatch:')
    expect(watched).toBe(true)
    expect(Number.parseFloat(service.deploy.resources.limits.cpus)).toBeGreaterThan(0)
  })

  it('lets only what meets people or other systems out of the inner network', () => {
    expect(compose.networks['inner']).toEqual({ internal: true })
    const out = services.filter(([, { networks }]) => networks.includes('edge')).map(([name]) => name)
    expect(out.sort()).toEqual(['alertmanager', 'collector', 'feedback', 'gateway', 'grafana'])
  })

  it('gives Grafana the variables that its provisioning names, and no other', () => {
    const provisioning = readdirSync(deploy('grafana/provisioning'), { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(deploy(`grafana/provisioning/${path}`)).isFile())
      .map((path) => readText(`deploy/grafana/provisioning/${path}`))
      .join('\n')
    const named = [...provisioning.matchAll(/\$\{(GATEWATCH_\w+)\}/g)].map((match) => match[1])
    const given = JSON.stringify(compose.services['grafana']).match(/GATEWATCH_\w+/g) ?? []
    expect(new Set(named)).toEqual(new Set(given))
  })

  it('runs the versions that the tests run', () => {
    const kafka = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(
      readText('deploy/kafka/pom.xml'),
    )
    expect(compose.services['kafka']?.image).toBe(`apache/kafka:${kafka?.[1]}`)
    const { version } = JSON.parse(readText('package.json'))
    for (const [, { image }] of services.filter(([, one]) => one.image.startsWith('gatewatch:')))
      expect(image).toBe(`gatewatch:${version}`)
    const lib = JSON.parse(readText('node_modules/chdb/package.json')).optionalDependencies[
      '@chdb/lib-linux-x64-gnu'
    ]
    const [engine] = /^\d+\.\d+/.exec(lib) ?? []
    expect(compose.services['clickhouse']?.image).toContain(`clickhouse-server:${engine}.`)
  })
})

describe('deploy/compose/make-secrets.sh', () => {
  it('gives ClickHouse hashes of the passwords, which stand nowhere else', () => {
    const users = secret('clickhouse-users.xml')
    for (const name of ['clickhouse-writer', 'clickhouse-reader']) {
      expect(secret(name)).toMatch(/^[0-9a-f]{64}$/)
      expect(users).toContain(createHash('sha256').update(secret(name)).digest('hex'))
      expect(users).not.toContain(secret(name))
    }
    expect(secret('clickhouse-writer')).not.toBe(secret('clickhouse-reader'))
    expect(statSync(join(directory, 'secrets')).mode & 0o777).toBe(0o700)
  })

  it('keeps what is there when it is run again', () => {
    const before = readdirSync(join(directory, 'secrets')).map(secret)
    makeSecrets()
    expect(readdirSync(join(directory, 'secrets')).map(secret)).toEqual(before)
  })

  it('names the accounts that configuration and dashboards use', () => {
    const users = secret('clickhouse-users.xml')
    const { clickhouse } = configOf(workloads[0] ?? failed())
    const reader = /username: (\w+)/.exec(
      readText('deploy/grafana/provisioning/datasources/gatewatch.yaml'),
    )?.[1]
    for (const account of [clickhouse.username, String(reader)]) expect(users).toContain(`<${account}>`)
    expect(users).toContain(`ON ${clickhouse.database}.*`)
  })
})

interface Complaint {
  readonly line: number
  readonly rule: string
  readonly message: string
}

function complaintsAbout(file: string) {
  const rules = {
    'no-quotes-in-volumes': 0,
    'service-keys-order': 0,
    'services-alphabetical-order': 0,
    'top-level-properties-order': 0,
    'service-dependencies-alphabetical-order': 0,
    'service-ports-alphabetical-order': 0,
  } as const
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] })
  const [result] = linter.lintFiles([file], false)
  return result?.messages.map(({ line, rule, message }: Complaint) => ({ line, rule, message }))
}

function failed(): never {
  throw new Error('nothing to test')
}
