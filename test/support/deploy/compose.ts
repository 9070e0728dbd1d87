import { z } from 'zod'
import { readText, readYaml } from './files.ts'
import type { Workload } from './workload.ts'

const Mount = z.object({ source: z.string(), target: z.string() })
const Service = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  configs: z.array(Mount).default([]),
  secrets: z.array(z.union([z.string(), Mount])).default([]),
  networks: z.array(z.string()),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.record(z.string(), z.unknown()).optional(),
  read_only: z.boolean().default(false),
  privileged: z.boolean().default(true),
  user: z.string().default('root'),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  deploy: z.object({
    resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string(), pids: z.number() }) }),
  }),
})
export type ComposeService = z.infer<typeof Service>

const Source = z.record(z.string(), z.object({ file: z.string() }))
const Compose = z.looseObject({
  services: z.record(z.string(), Service),
  configs: Source,
  secrets: Source,
  volumes: z.record(z.string(), z.unknown()),
  networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) })),
})

/** deploy/compose.yaml as Compose reads it. */
export function readCompose(): z.infer<typeof Compose> {
  return Compose.parse(readYaml('deploy/compose.yaml'))
}

/** The services that run Gatewatch. */
export function composeWorkloads({ services }: ReturnType<typeof readCompose>): Workload[] {
  const config_text = readText('deploy/compose/gatewatch.yaml')
  return Object.entries(services)
    .filter(([, { image }]) => image.startsWith('gatewatch:'))
    .map(([name, { command, environment }]) => ({ name, command, env: environment, config_text }))
}
