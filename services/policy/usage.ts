import type { CompiledPolicy } from './compile.ts'

/** What the store knows of one rule: how many it matched lately, and when last. */
interface RuleRow {
  readonly rule_id: string
  readonly decisions: number
  readonly people: number
  readonly last_at: string
}

/** Who was let in on a route, ever and lately; `name` of a group or role, or empty for all. */
interface RouteRow {
  readonly route_id: string
  readonly kind: 'all' | 'group' | 'role'
  readonly name: string
  readonly people: number
  readonly people_lately: number
}

/** How many people came lately with a group or role, wherever they went. */
interface NameRow {
  readonly kind: 'group' | 'role'
  readonly name: string
  readonly people: number
}

export interface UsageRows {
  readonly rules: readonly RuleRow[]
  readonly routes: readonly RouteRow[]
  readonly names: readonly NameRow[]
}

export interface PolicyUsage {
  readonly revision: string
  readonly rules: number
  /** Rules that decided nothing lately; `last_at` null: nothing in all that is kept. */
  readonly unmatched: readonly { rule_id: string; outcome: string; last_at: string | null }[]
  /** Groups and roles that a rule lets in, of whose people fewer were let in than came. */
  readonly unused: readonly UnusedGrant[]
  /** Routes with people who were let in once, and not lately. */
  readonly lapsed: readonly { route_id: string; people: number; lapsed: number }[]
}

interface UnusedGrant {
  readonly rule_id: string
  readonly kind: 'group' | 'role'
  readonly name: string
  /** People who came with it lately, to any route. */
  readonly seen: number
  /** Those of them who were let in on this route. */
  readonly used: number
}

/** Holds a policy against what the store knows of its use. Pure. */
export function policyUsage(policy: CompiledPolicy, rows: UsageRows): PolicyUsage {
  const matched = new Map(rows.rules.map((row) => [row.rule_id, row]))
  const seen = new Map(rows.names.map(({ kind, name, people }) => [`${kind} ${name}`, people]))
  const used = new Map(
    rows.routes.map((row) => [`${row.route_id} ${row.kind} ${row.name}`, row.people_lately]),
  )
  const unmatched: PolicyUsage['unmatched'][number][] = []
  const unused: UnusedGrant[] = []
  let rules = 0
  for (const { route, rules: compiled } of [...policy.routes.values()].flat()) {
    for (const { rule_id, outcome, condition } of compiled) {
      rules += 1
      const row = matched.get(rule_id)
      if (row === undefined || row.decisions === 0)
        unmatched.push({ rule_id, outcome, last_at: row?.last_at ?? null })
      if (outcome === 'deny') continue
      const { groups, roles } = condition.grants
      const names = [
        ...groups.map((name) => ['group', name] as const),
        ...roles.map((name) => ['role', name] as const),
      ]
      for (const [kind, name] of names) {
        const came = seen.get(`${kind} ${name}`) ?? 0
        const let_in = Math.min(came, used.get(`${route.id} ${kind} ${name}`) ?? 0)
        if (came === 0 || let_in < came) unused.push({ rule_id, kind, name, seen: came, used: let_in })
      }
    }
  }
  const ids = new Set(policy.document.routes.map(({ id }) => id))
  const lapsed = rows.routes
    .filter(
      ({ kind, route_id, people, people_lately }) =>
        kind === 'all' && ids.has(route_id) && people > people_lately,
    )
    .map(({ route_id, people, people_lately }) => ({ route_id, people, lapsed: people - people_lately }))
  return {
    revision: policy.revision,
    rules,
    unmatched: unmatched.sort((a, b) => (a.rule_id < b.rule_id ? -1 : 1)),
    unused: unused.sort((a, b) => b.seen - b.used - (a.seen - a.used) || (a.rule_id < b.rule_id ? -1 : 1)),
    lapsed: lapsed.sort((a, b) => b.lapsed - a.lapsed || (a.route_id < b.route_id ? -1 : 1)),
  }
}

/** Names of all groups and roles that the rules ask for. */
export function namesOf(policies: readonly CompiledPolicy[]): {
  readonly groups: string[]
  readonly roles: string[]
} {
  const grants = policies
    .flatMap(({ routes }) => [...routes.values()].flat())
    .flatMap(({ rules }) => rules.map(({ condition }) => condition.grants))
  return {
    groups: [...new Set(grants.flatMap(({ groups }) => groups))],
    roles: [...new Set(grants.flatMap(({ roles }) => roles))],
  }
}
