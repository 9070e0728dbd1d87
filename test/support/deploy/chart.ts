import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { ROOT } from './files.ts'
import type { DeployTools } from './tools.ts'
import type { Workload } from './workload.ts'

const SCRIPT = fileURLToPath(new URL('./render_chart.py', import.meta.url))

const Answer = z.object({
  lint: z.array(z.looseObject({ severity: z.number(), error: z.string() })),
  manifests: z.record(z.string(), z.string()),
  error: z.string().nullable(),
})

const Labels = z.record(z.string(), z.string())
export const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: Labels }),
})
export type Manifest = z.infer<typeof Manifest>

const EnvVar = z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() })
const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  command: z.array(z.string()).optional(),
  env: z.array(EnvVar).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  volumeMounts: z.array(
    z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) }),
  ),
  securityContext: z.looseObject({}),
  resources: z.looseObject({ limits: z.looseObject({ memory: z.string() }) }),
})
const Template = z.looseObject({
  metadata: z.looseObject({ labels: Labels }),
  spec: z.looseObject({
    containers: z.array(Container),
    initContainers: z.array(Container).default([]),
    volumes: z.array(z.looseObject({ name: z.string() })),
    securityContext: z.looseObject({}),
  }),
})
export type Pod = z.infer<typeof Template> & { readonly name: string; readonly owner: Manifest }

export interface RenderedChart {
  /** Warnings and errors of `helm lint --strict`. */
  readonly lint: readonly string[]
  readonly manifests: readonly Manifest[]
  readonly error: string | null
}

/** deploy/helm/gatewatch as `helm lint` and `helm template` see it with these values. */
export function renderChart(tools: DeployTools, values: Record<string, unknown> = {}): RenderedChart {
  const asked = {
    chart: join(ROOT, 'deploy/helm/gatewatch'),
    values,
    name: 'gatewatch',
    namespace: 'zero-trust',
  }
  const { stdout, stderr, status } = spawnSync('python3', [SCRIPT], {
    input: JSON.stringify(asked),
    env: { ...process.env, PYTHONPATH: tools.python_path, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(stderr)
  const answer = Answer.parse(JSON.parse(stdout))
  const manifests = Object.entries(answer.manifests)
    .filter(([path]) => path.endsWith('.yaml'))
    .flatMap(([, text]) => parseAllDocuments(text, { merge: true }))
    .map((document): unknown => document.toJS())
    .filter((value) => value !== null && value !== undefined)
  return {
    lint: answer.lint.filter(({ severity }) => severity > 1).map(({ error }) => error),
    manifests: z.array(Manifest).parse(manifests),
    error: answer.error,
  }
}

/** Every pod that the manifests make. */
export function podsOf(manifests: readonly Manifest[]): Pod[] {
  return manifests.flatMap((owner) => {
    const { data } = z.looseObject({ spec: z.looseObject({ template: Template }) }).safeParse(owner)
    return data ? [{ ...data.spec.template, name: owner.metadata.name, owner }] : []
  })
}

/** The containers of a pod that run Gatewatch, with the configuration that is mounted there. */
export function workloadsOf(pod: Pod, manifests: readonly Manifest[]): Workload[] {
  const volume = z
    .looseObject({ configMap: z.object({ name: z.string() }) })
    .parse(pod.spec.volumes.find(({ name }) => name === 'config'))
  const map = manifests.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === volume.configMap.name,
  )
  const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(map)
  return [...pod.spec.initContainers, ...pod.spec.containers]
    .filter(({ command }) => command === undefined)
    .map(({ name, args, env }) => ({
      name: `${pod.name} ${name}`,
      command: args,
      // What the field path gives: the name of the pod.
      env: Object.fromEntries(env.map((one) => [one.name, one.value ?? `${pod.name}-0`])),
      config_text: data['gatewatch.yaml'] ?? '',
    }))
}
