import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument, stringify } from 'yaml'
import { Policy } from '../../schemas/policy.ts'
import { allNetworks } from './people/places.ts'

const POLICY_TEMPLATE = fileURLToPath(new URL('policy.yaml', import.meta.url))

/** Writes the policy in force into the data directory: the template with the applications' addresses filled in. */
export async function writePolicy(
  dataDir: string,
  upstreams: Readonly<Record<string, string>>,
): Promise<string> {
  const policy = Policy.parse(parseDocument(await readFile(POLICY_TEMPLATE, 'utf8')).toJS())
  const routes = policy.routes.map((route) => ({
    ...route,
    upstream: upstreams[route.app] ?? route.upstream,
  }))
  const path = join(dataDir, 'policy.yaml')
  await writeFile(path, stringify({ ...policy, routes }, { aliasDuplicateObjects: false }), { mode: 0o600 })
  return path
}

/** Writes the networks file, which tells enrichment where the demo's addresses are. */
export async function writeNetworks(dataDir: string): Promise<string> {
  const path = join(dataDir, 'networks.yaml')
  await writeFile(path, stringify({ networks: allNetworks() }, { aliasDuplicateObjects: false }), {
    mode: 0o600,
  })
  return path
}
