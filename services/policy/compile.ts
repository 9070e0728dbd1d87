import { Policy } from '../../schemas/policy.ts'
import type { PolicyRoute, PolicyRule } from '../../schemas/policy.ts'
import { conditionCompiler } from './condition.ts'
import type { Condition, ConditionCompiler } from './condition.ts'
import type { PolicyProblem } from './problem.ts'
import { policyRevision } from './revision.ts'
import { parseSource } from './source.ts'
import type { Source } from './source.ts'
import { compareTemplates, parseTemplate } from './template.ts'
import type { Template } from './template.ts'

interface CompiledRule {
  /** `<route id>.<rule id>`, unique in the policy: what events and findings name. */
  readonly rule_id: string
  readonly outcome: PolicyRule['outcome']
  readonly condition: Condition
}

export interface CompiledRoute {
  readonly route: PolicyRoute
  readonly template: Template
  readonly rules: readonly CompiledRule[]
}

/** A policy that was checked as a whole and is ready to decide. */
export interface CompiledPolicy {
  readonly document: Policy
  readonly revision: string
  /** By lower-case host, the most specific template first. */
  readonly routes: ReadonlyMap<string, readonly CompiledRoute[]>
  readonly breakGlass: ReadonlySet<string>
}

export type PolicyLoad =
  | { readonly policy: CompiledPolicy; readonly problems?: undefined }
  | { readonly policy?: undefined; readonly problems: readonly PolicyProblem[] }

/** Parses, checks and compiles the text of a policy file. Every mistake is listed, in the order of the file. */
export function compilePolicy(text: string, file: string): PolicyLoad {
  const source = parseSource(text, file)
  if (source.problems.length > 0) return { problems: source.problems }
  const parsed = Policy.safeParse(source.value)
  const problems: PolicyProblem[] = []
  const compileCondition = conditionCompiler()
  if (!parsed.success) problems.push(...source.schemaProblems(parsed.error))
  const routes = parsed.success ? parsed.data.routes : []
  const compiled = routes.map((route, index) =>
    compileRoute(source, route, index, compileCondition, problems),
  )
  checkIds(source, routes, problems)
  checkShadows(source, compiled, problems)
  if (!parsed.success || problems.length > 0) {
    // A schema mistake hides the document; its conditions are still worth a look, so that one run shows all.
    if (!parsed.success) checkLooseConditions(source, compileCondition, problems)
    return { problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) }
  }
  const byHost = new Map<string, CompiledRoute[]>()
  for (const route of compiled) {
    if (route === null) continue
    const host = route.route.host.toLowerCase()
    const list = byHost.get(host)
    if (list) list.push(route)
    else byHost.set(host, [route])
  }
  for (const list of byHost.values()) list.sort(bySpecificity)
  return {
    policy: {
      document: parsed.data,
      revision: policyRevision(parsed.data),
      routes: byHost,
      breakGlass: new Set(parsed.data.break_glass),
    },
  }
}

/** An event names a rule as `<route id>.<rule id>` in at most 256 characters. */
const MAX_RULE_ID = 255

function compileRoute(
  source: Source,
  route: PolicyRoute,
  index: number,
  compileCondition: ConditionCompiler,
  problems: PolicyProblem[],
): CompiledRoute | null {
  const template = parseTemplate(route.path)
  if ('message' in template) problems.push(source.problem(['routes', index, 'path'], template.message))
  const upstream = new URL(route.upstream)
  if (upstream.pathname !== '/' || upstream.search !== '' || upstream.username !== '') {
    problems.push(
      source.problem(['routes', index, 'upstream'], 'must be an origin: scheme, host and port, nothing more'),
    )
  }
  const rules: CompiledRule[] = []
  let always: string | null = null
  for (const [at, rule] of route.rules.entries()) {
    const path = ['routes', index, 'rules', at]
    if (always !== null) {
      problems.push(source.problem(path, `is never reached: rule ${always} before it always holds`))
    }
    if (route.id.length + rule.id.length > MAX_RULE_ID) {
      problems.push(
        source.problem(
          [...path, 'id'],
          `is too long together with the route's id: at most ${MAX_RULE_ID} characters`,
        ),
      )
    }
    const compiled = compileCondition(rule.when)
    if ('condition' in compiled) {
      if (compiled.condition.always) always ??= rule.id
      rules.push({
        rule_id: `${route.id}.${rule.id}`,
        outcome: rule.outcome,
        condition: compiled.condition,
      })
    } else {
      problems.push(source.problem([...path, 'when'], compiled.message, compiled.offset))
    }
  }
  return 'message' in template ? null : { route, template, rules }
}

/** Templates of one shape end up side by side. */
function bySpecificity(a: CompiledRoute, b: CompiledRoute): number {
  return compareTemplates(a.template, b.template) || (a.template.shape < b.template.shape ? -1 : 1)
}

function checkIds(source: Source, routes: readonly PolicyRoute[], problems: PolicyProblem[]): void {
  const routeIds = new Set<string>()
  for (const [index, route] of routes.entries()) {
    if (routeIds.has(route.id)) {
      problems.push(source.problem(['routes', index, 'id'], `another route has the id ${route.id}`))
    }
    routeIds.add(route.id)
    const ruleIds = new Set<string>()
    for (const [at, rule] of route.rules.entries()) {
      if (ruleIds.has(rule.id)) {
        problems.push(
          source.problem(
            ['routes', index, 'rules', at, 'id'],
            `another rule of the route has the id ${rule.id}`,
          ),
        )
      }
      ruleIds.add(rule.id)
    }
  }
}

/** Two routes of one host, one shape and a common method: one of them would never be asked. */
function checkShadows(
  source: Source,
  routes: readonly (CompiledRoute | null)[],
  problems: PolicyProblem[],
): void {
  const seen = new Map<string, string>()
  for (const [index, compiled] of routes.entries()) {
    if (compiled === null) continue
    const { route, template } = compiled
    const methods = route.methods.length === 0 ? ['any method'] : route.methods
    for (const method of methods) {
      const key = `${route.host.toLowerCase()} ${template.shape} ${method}`
      const other = seen.get(key)
      if (other === undefined) seen.set(key, route.id)
      else {
        problems.push(
          source.problem(['routes', index, 'path'], `${method} is already taken here by route ${other}`),
        )
      }
    }
  }
}

function checkLooseConditions(
  source: Source,
  compileCondition: ConditionCompiler,
  problems: PolicyProblem[],
): void {
  for (const [index, route] of list(member(source.value, 'routes')).entries()) {
    for (const [at, rule] of list(member(route, 'rules')).entries()) {
      const when = member(rule, 'when')
      if (typeof when !== 'string' || when === '') continue
      const compiled = compileCondition(when)
      if ('condition' in compiled) continue
      problems.push(source.problem(['routes', index, 'rules', at, 'when'], compiled.message, compiled.offset))
    }
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
