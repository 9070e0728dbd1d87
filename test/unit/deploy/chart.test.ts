import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROLES } from '../../../services/cli/roles/role.ts'
import { startAdmin } from '../../../services/runtime/http/admin.ts'
import { podsOf, renderChart, workloadsOf, type Manifest, type Pod } from '../../support/deploy/chart.ts'
import { ROOT, readText } from '../../support/deploy/files.ts'
import { kubernetesProblems } from '../../support/deploy/kubernetes-schema.ts'
import { deployTools } from '../../support/deploy/tools.ts'
import { configOf, helpOf } from '../../support/deploy/workload.ts'

const tools = deployTools()

/** As it comes, and with everything in it that can be switched on. */
const VARIANTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['as it comes', {}],
  [
    'with everything',
    {
      image: { digest: `sha256:${'0'.repeat(64)}`, pullSecrets: [{ name: 'registry' }] },
      listenHost: '::',
      kafka: {
        brokers: ['a.example.org:9094', 'b.example.org:9095'],
        topicPrefix: 'acme.',
        tls: { enabled: true, secret: 'kafka-tls', certKey: 'tls.crt', keyKey: 'tls.key' },
        sasl: { mechanism: 'scram-sha-512', secret: 'kafka-sasl' },
      },
      clickhouse: {
        url: 'https://clickhouse.example.org',
        cluster: 'gatewatch',
        tls: { secret: 'clickhouse-tls', certKey: 'tls.crt', keyKey: 'tls.key' },
      },
      config: {
        gateway: {
          oidc: {
            issuer: 'https://login.example.org',
            client_id: 'gatewatch',
            client_secret_file: '/etc/gatewatch/secrets/oidc/client-secret',
          },
        },
        feedback: { alerts: { alertmanager: { urls: ['http://alertmanager.monitoring:9093'] } } },
      },
      tokens: { secret: 'tokens' },
      gateway: {
        tlsSecret: 'gateway-tls',
        extraSecrets: [{ name: 'oidc', mountPath: '/etc/gatewatch/secrets/oidc' }],
        volume: { storageClass: 'encrypted' },
        service: { type: 'LoadBalancer', annotations: { 'example.org/scheme': 'internal' } },
        autoscaling: { enabled: true },
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'edge', operator: 'Exists' }],
      },
      feedbackTlsSecret: 'feedback-tls',
      networkPolicy: {
        proxyFrom: [{ ipBlock: { cidr: '192.0.2.0/24' } }],
        kafkaTo: [{ namespaceSelector: {} }],
        clickhouseTo: [{ ipBlock: { cidr: '198.51.100.7/32' } }],
      },
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true },
      grafana: { enabled: true },
    },
  ],
  [
    'without network policies, TLS and migration',
    { kafka: { tls: { enabled: false } }, networkPolicy: { enabled: false }, migration: { enabled: false } },
  ],
]

const Selector = z.looseObject({ matchLabels: z.record(z.string(), z.string()) })
function selects(selector: unknown, pod: Pod): boolean {
  const { matchLabels } = Selector.parse(selector)
  return Object.entries(matchLabels).every(([name, value]) => pod.metadata.labels[name] === value)
}
const at = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )

describe.skipIf(tools === null).each(VARIANTS)('the Helm chart %s', (_title, values) => {
  const { lint, manifests, error } = tools
    ? renderChart(tools, values)
    : { lint: [], manifests: [], error: null }
  const pods = podsOf(manifests)
  const workloads = pods.flatMap((pod) => workloadsOf(pod, manifests))
  const ofKind = (kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind)

  it('pleases helm lint --strict', () => {
    expect({ lint, error }).toEqual({ lint: [], error: null })
    expect(pods.length).toBeGreaterThan(3)
  })

  it.each(['1.30', '1.37'])('is what the API of Kubernetes %s takes', (version) => {
    const problems = tools ? kubernetesProblems(tools, version) : () => []
    const found = manifests.map((manifest) => ({
      kind: manifest.kind,
      name: manifest.metadata.name,
      wrong: problems(manifest),
    }))
    const foreign = found.filter(({ wrong }) => wrong === null).map(({ kind }) => kind)
    expect(foreign.filter((kind) => kind !== 'ServiceMonitor' && kind !== 'PrometheusRule')).toEqual([])
    expect(found.filter(({ wrong }) => wrong !== null && wrong.length > 0)).toEqual([])
  })

  it('runs every role, each by a command that exists', async () => {
    const run = workloads.filter(({ command }) => command[0] === 'run').map(({ command }) => command.slice(1))
    expect(run.flat().sort()).toEqual([...ROLES].sort())
    for (const { command } of workloads) {
      const [name = '', ...options] = command
      const help = await helpOf(name)
      expect(help).not.toBe('')
      for (const option of options.filter((word) => word.startsWith('--'))) expect(help).toContain(option)
    }
  })

  it('gives each only variables and settings that exist', () => {
    for (const workload of workloads) expect(configOf(workload).tenant).toBe('default')
    // A service named gatewatch-gateway would become the variable GATEWATCH_GATEWAY_SERVICE_HOST.
    expect(pods.filter((pod) => pod.spec['enableServiceLinks'] !== false)).toEqual([])
  })

  it('names each gateway after its pod', () => {
    const gateway = workloads.find(({ command }) => command[1] === 'gateway')
    expect(gateway && configOf(gateway).gateway.pep_id).toBe('gatewatch-gateway-0')
  })

  it('has every file that a configuration names below a mount of that container', () => {
    for (const pod of pods) {
      const role = pod.metadata.labels['app.kubernetes.io/component'] ?? ''
      const store = ['storage', 'feedback', 'verify', 'migrate'].includes(role)
      for (const workload of workloadsOf(pod, manifests)) {
        const config = configOf(workload)
        const mounts = [...pod.spec.containers, ...pod.spec.initContainers]
          .filter(({ name }) => workload.name.endsWith(` ${name}`))
          .flatMap(({ volumeMounts }) => volumeMounts)
        const files = [
          workload.env['GATEWATCH_CONFIG'],
          config.kafka?.sasl?.password_file,
          ...(config.kafka?.ssl ? Object.values(config.kafka.ssl) : []),
          ...(store ? [config.clickhouse.password_file, ...Object.values(config.clickhouse.ssl ?? {})] : []),
          ...(role === 'gateway'
            ? [
                config.gateway.policy_file,
                config.gateway.oidc?.client_secret_file,
                ...Object.values(config.gateway.listen.tls ?? {}),
                ...Object.values(config.gateway.decision_point.tls ?? {}),
              ]
            : []),
          ...(role === 'feedback' ? Object.values(config.feedback.tls ?? {}) : []),
        ].filter((file) => file !== undefined)
        const missing = files.filter(
          (file) => !mounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`)),
        )
        expect({ workload: workload.name, missing }).toEqual({ workload: workload.name, missing: [] })
        expect(mounts.some(({ name }) => name === 'clickhouse')).toBe(store)
        expect(mounts.some(({ mountPath, readOnly }) => mountPath === config.data_dir && !readOnly)).toBe(
          true,
        )
      }
      const volumes = new Set(pod.spec.volumes.map(({ name }) => name))
      if (pod.owner.kind === 'StatefulSet') volumes.add('data')
      const mounted = [...pod.spec.containers, ...pod.spec.initContainers].flatMap(({ volumeMounts }) =>
        volumeMounts.map(({ name }) => name),
      )
      expect(volumes).toEqual(new Set(mounted))
    }
  })

  it('opens the ports that the processes listen on, and no service or probe names another', () => {
    for (const pod of pods.filter(({ owner }) => owner.kind !== 'Job')) {
      const [container] = pod.spec.containers
      const [workload] = workloadsOf(pod, manifests)
      if (!container || !workload) throw new Error(pod.name)
      const { admin, gateway, feedback, collector } = configOf(workload)
      const host = values['listenHost'] ?? '0.0.0.0'
      const listeners = {
        gateway: { proxy: gateway.listen, decisions: gateway.decision_point },
        feedback: { console: feedback },
        collector: { push: collector.http },
      }[workload.command[1] ?? '']
      const expected = Object.entries({ admin, ...listeners }).map(([name, { port }]) => [name, port])
      expect(container.ports.map(({ name, containerPort }) => [name, containerPort])).toEqual(expected)
      expect(Object.values({ admin, ...listeners }).every((one) => one.host === host)).toBe(true)
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
        expect(at(container, probe, 'httpGet', 'port')).toBe('admin')
    }
    for (const service of ofKind('Service')) {
      const chosen = pods.filter(
        (pod) => selects({ matchLabels: at(service, 'spec', 'selector') }, pod) && pod.owner.kind !== 'Job',
      )
      expect(chosen.length).toBeGreaterThan(0)
      const ports = z
        .array(z.object({ port: z.number(), targetPort: z.string() }))
        .parse(at(service, 'spec', 'ports'))
      for (const { port, targetPort } of ports)
        for (const pod of chosen)
          expect(pod.spec.containers[0]?.ports).toContainEqual({ name: targetPort, containerPort: port })
    }
  })

  it('runs within the restricted profile', () => {
    for (const pod of pods) {
      expect(pod.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(pod.spec['automountServiceAccountToken']).toBe(false)
      for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod.spec[name]).toBeUndefined()
      for (const container of [...pod.spec.containers, ...pod.spec.initContainers])
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        })
      const kinds = pod.spec.volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name'))
      expect(
        kinds.filter((kind) => !['configMap', 'secret', 'emptyDir', 'persistentVolumeClaim'].includes(kind)),
      ).toEqual([])
    }
  })

  it('holds no secret: each is a reference to one that is there', () => {
    expect(ofKind('Secret')).toEqual([])
    const env = pods.flatMap((pod) => pod.spec.containers.flatMap((container) => container.env))
    expect(env.filter(({ name }) => /PASSWORD|SECRET|TOKEN|KEY$/.test(name))).toEqual([])
  })

  it('spreads every role and lets one pod of it go at a time', () => {
    const running = pods.filter(({ owner }) => owner.kind !== 'Job')
    for (const pod of running) {
      const budgets = ofKind('PodDisruptionBudget').filter((budget) =>
        selects(at(budget, 'spec', 'selector'), pod),
      )
      expect(budgets.map((budget) => at(budget, 'spec', 'maxUnavailable'))).toEqual([1])
      const spread = z.array(z.looseObject({ topologyKey: z.string(), labelSelector: Selector }))
      const constraints = spread.parse(pod.spec['topologySpreadConstraints'])
      expect(constraints.map(({ topologyKey }) => topologyKey)).toEqual([
        'kubernetes.io/hostname',
        'topology.kubernetes.io/zone',
      ])
      expect(constraints.every(({ labelSelector }) => selects(labelSelector, pod))).toBe(true)
      expect(selects(at(pod.owner, 'spec', 'selector'), pod)).toBe(true)
    }
  })

  it('scales workers on a lag that the code measures, up to as many as there are partitions', () => {
    for (const scaler of ofKind('HorizontalPodAutoscaler')) {
      const target = at(scaler, 'spec', 'scaleTargetRef')
      expect(
        pods.map(({ owner }) => ({
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
        })),
      ).toContainEqual(target)
      // Helm gives replicas back at every upgrade where both say a number.
      const owner = pods.find(({ name }) => name === at(target, 'name'))?.owner
      expect(at(owner, 'spec', 'replicas')).toBeUndefined()
    }
    // With whole topics to divide, one replica of storage would have all decisions.
    const storage = workloads.filter(({ command }) => command[1] === 'storage')
    expect(storage.map((workload) => configOf(workload).storage.share)).toEqual(['partitions'])
    const metrics = ofKind('HorizontalPodAutoscaler')
      .map((scaler) => at(scaler, 'spec', 'metrics', 0, 'external', 'metric'))
      .filter((metric) => metric !== undefined)
    const name = 'gatewatch_log_lag_seconds'
    expect(metrics.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
      { name, selector: { matchLabels: { group: 'scoring' } } },
      { name, selector: { matchLabels: { group: 'storage' } } },
    ])
    expect(readText('services/runtime/log/measured-log.ts')).toContain(name)
    expect(readText('services/scoring/main.ts')).toContain("group: 'scoring'")
    expect(readText('services/storage/metrics.ts')).toContain("GROUP = 'storage'")
  })

  it('denies all traffic but what a role needs', () => {
    const policies = ofKind('NetworkPolicy')
    expect(policies.length > 0).toBe(at(values, 'networkPolicy', 'enabled') !== false)
    const egress = (pod: Pod): unknown[] =>
      policies
        .filter((policy) => selects(at(policy, 'spec', 'podSelector'), pod))
        .flatMap((policy) => z.array(z.unknown()).parse(at(policy, 'spec', 'egress') ?? []))
    for (const pod of policies.length > 0 ? pods : []) {
      const mine = policies.filter((policy) => selects(at(policy, 'spec', 'podSelector'), pod))
      const deny = mine.filter(
        (policy) => at(policy, 'spec', 'egress') === undefined && at(policy, 'spec', 'ingress') === undefined,
      )
      expect(deny.map((policy) => at(policy, 'spec', 'policyTypes'))).toEqual([['Ingress', 'Egress']])
      const ports = egress(pod).flatMap((rule) =>
        z
          .array(z.object({ port: z.number(), protocol: z.string() }))
          .parse(at(rule, 'ports'))
          .map(({ port }) => port),
      )
      const [workload] = workloadsOf(pod, manifests)
      if (!workload) throw new Error(pod.name)
      const { kafka, clickhouse } = configOf(workload)
      for (const broker of kafka?.brokers ?? []) expect(ports).toContain(Number(broker.split(':').at(-1)))
      const role = pod.metadata.labels['app.kubernetes.io/component'] ?? ''
      const { port, protocol } = new URL(clickhouse.url ?? '')
      const store = Number(port || (protocol === 'https:' ? 443 : 80))
      const mayReach = ['storage', 'feedback', 'verify', 'migrate'].includes(role)
      expect(ports.includes(store) || (store === 443 && role === 'gateway')).toBe(
        mayReach || (store === 443 && role === 'gateway'),
      )
      expect(ports).toContain(53)
    }
    for (const policy of policies)
      expect(pods.some((pod) => selects(at(policy, 'spec', 'podSelector'), pod))).toBe(true)
  })
})

describe.skipIf(tools === null)('the Helm chart', () => {
  const render = (values: Record<string, unknown>) => {
    if (!tools) throw new Error('no tools')
    return renderChart(tools, values)
  }

  it.each([
    ['a key that does not exist', { gatway: {} }],
    ['a worker that does not exist', { workers: { scorer: { enabled: true } } }],
    ['an engine in every pod instead of a server', { clickhouse: { url: 'embedded' } }],
    ['two ledgers', { workers: { feedback: { replicas: 2 } } }],
    ['two pods on one volume', { workers: { verify: { replicas: 2 } } }],
    ['more workers than partitions', { kafka: { partitions: 4 } }],
    ['a SASL mechanism without its secret', { kafka: { sasl: { mechanism: 'scram-sha-256' } } }],
    ['a data directory of its own', { config: { data_dir: '/tmp' } }],
  ])('refuses %s', (_what, values) => {
    const { lint, error } = render(values)
    expect([...lint, ...(error === null ? [] : [error])].length).toBeGreaterThan(0)
  })

  it('would not pass as a manifest with a field that Kubernetes does not know', () => {
    if (!tools) throw new Error('no tools')
    const deployment = render({}).manifests.find(({ kind }) => kind === 'Deployment')
    const wrong = JSON.parse(
      JSON.stringify(deployment).replace('"enableServiceLinks"', '"enableServiceLink"'),
    )
    expect(kubernetesProblems(tools, '1.30')(wrong)).toEqual([expect.stringContaining('enableServiceLink')])
  })

  it('probes paths that the admin server has', async () => {
    const admin = await startAdmin({
      host: '127.0.0.1',
      port: 0,
      logger: pino({ level: 'silent' }),
      metrics: new Registry(),
      checks: new Map(),
    })
    const probed = JSON.stringify(render({}).manifests).match(/"path":"(\/health[^"]*)"/g) ?? []
    const paths = new Set(probed.map((text) => text.slice('"path":"'.length, -1)))
    expect(paths).toEqual(new Set(['/health/ready', '/health/live']))
    for (const path of [...paths, '/metrics'])
      expect((await fetch(`http://127.0.0.1:${admin.port}${path}`)).status).toBe(200)
    await admin.stop()
  })

  it('hands Grafana every dashboard, data source and rule as the files say, by the labels of its sidecars', () => {
    const ConfigMap = z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      data: z.record(z.string(), z.string()),
    })
    const maps = render({ grafana: { enabled: true } })
      .manifests.filter(({ kind }) => kind === 'ConfigMap')
      .map((map) => ConfigMap.parse(map))
    const labelled = (label: string) =>
      Object.assign(
        {},
        ...maps.filter(({ metadata }) => metadata.labels[label] === '1').map(({ data }) => data),
      )
    const grafana = (path: string) => readText(`deploy/grafana/${path}`)
    const boards = readdirSync(join(ROOT, 'deploy/grafana/dashboards'))
    expect(labelled('grafana_dashboard')).toEqual(
      Object.fromEntries(boards.map((name) => [name, grafana(`dashboards/${name}`)])),
    )
    expect(labelled('grafana_datasource')).toEqual({
      'gatewatch.yaml': grafana('provisioning/datasources/gatewatch.yaml'),
    })
    expect(labelled('grafana_alert')).toEqual({
      'gatewatch-store.yaml': grafana('provisioning/alerting/store.yaml'),
      'gatewatch-pipeline.yaml': grafana('provisioning/alerting/pipeline.yaml'),
    })
  })

  it('is of the version of the package, and its files are there', () => {
    const { version } = JSON.parse(readText('package.json'))
    expect(readText('deploy/helm/gatewatch/Chart.yaml')).toContain(`appVersion: ${version}\n`)
    expect(existsSync(join(ROOT, 'deploy/helm/gatewatch/files/rules.yaml'))).toBe(true)
  })
})
