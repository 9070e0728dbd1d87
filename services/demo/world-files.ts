import { cp, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument, stringify } from 'yaml'
import { Policy, type PolicyRule } from '../../schemas/policy.ts'
import { allNetworks } from './people/places.ts'

const POLICY_TEMPLATE = fileURLToPath(new URL('policy.yaml', import.meta.url))
const RULES = fileURLToPath(new URL('rules', import.meta.url))

/** The policy of the data directory, which the gateway follows. */
export interface PolicyDesk {
  readonly path: string
  readonly policy: Policy
  /** Puts another revision in force: `policy` with these conditions instead of the ones that let people in on the routes. */
  revise(conditions: Readonly<Record<string, string>>): Promise<void>
}

/** Writes the policy in force into the data directory: the template with the applications' addresses filled in. */
export async function openPolicyDesk(
  dataDir: string,
  upstreams: Readonly<Record<string, string>>,
): Promise<PolicyDesk> {
  const template = Policy.parse(parseDocument(await readFile(POLICY_TEMPLATE, 'utf8')).toJS())
  const routes = template.routes.map((route) => ({
    ...route,
    upstream: upstreams[route.app] ?? route.upstream,
  }))
  const policy = { ...template, routes }
  const path = join(dataDir, 'policy.yaml')
  const write = async (revision: Policy): Promise<void> => {
    // Whole or not at all: the gateway looks at any time.
    await writeFile(`${path}.new`, stringify(revision, { aliasDuplicateObjects: false }), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
  await write(policy)
  return {
    path,
    policy,
    revise: (conditions) =>
      write({
        ...policy,
        routes: routes.map((route) => ({ ...route, rules: route.rules.map(revised(conditions[route.id])) })),
      }),
  }
}

function revised(when: string | undefined): (rule: PolicyRule) => PolicyRule {
  return (rule) => (when === undefined || rule.outcome !== 'permit' ? rule : { ...rule, when })
}

/** Writes the networks file, which tells enrichment where the demo's addresses are. */
export async function writeNetworks(dataDir: string): Promise<string> {
  const path = join(dataDir, 'networks.yaml')
  await writeFile(path, stringify({ networks: allNetworks() }, { aliasDuplicateObjects: false }), {
    mode: 0o600,
  })
  return path
}

/** Lays the company's Sigma rules into the data directory; what somebody changed there stays. */
export async function layRules(dataDir: string): Promise<string> {
  const path = join(dataDir, 'rules')
  await cp(RULES, path, { recursive: true, force: false })
  return path
}
