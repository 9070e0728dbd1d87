import { PolicyTests } from '../../schemas/policy-test.ts'
import type { PolicyCase } from '../../schemas/policy-test.ts'
import type { CompiledPolicy } from './compile.ts'
import { evaluate } from './evaluate.ts'
import type { PolicyDecision } from './evaluate.ts'
import { UNKNOWN_AGE_S } from './inputs.ts'
import type { PolicyInputs } from './inputs.ts'
import { matchRoute } from './match.ts'
import type { RouteMatch } from './match.ts'
import { canonicalPath } from './path.ts'
import type { PolicyProblem } from './problem.ts'
import { parseSource } from './source.ts'
import { leastTier, sessionTier, tierLevel } from './tiers.ts'

export interface CaseResult {
  readonly name: string
  /** Sentences about what came out otherwise; empty: passed. */
  readonly differences: readonly string[]
}

export type TableLoad =
  | { readonly tests: PolicyTests; readonly problems?: undefined }
  | { readonly tests?: undefined; readonly problems: readonly PolicyProblem[] }

/** Parses a file of table tests; every mistake is listed with its place. */
export function parseTable(text: string, file: string): TableLoad {
  const source = parseSource(text, file)
  if (source.problems.length > 0) return { problems: source.problems }
  const parsed = PolicyTests.safeParse(source.value)
  return parsed.success ? { tests: parsed.data } : { problems: source.schemaProblems(parsed.error) }
}

/** Decides every case with the real evaluation and compares. */
export function runTable(policy: CompiledPolicy, { tests }: PolicyTests): CaseResult[] {
  return tests.map((test) => ({
    name: test.name,
    differences: compare(test.expect, decideCase(policy, test)),
  }))
}

/** Routes of which no case has asked, by id: untested policy is unread policy. */
export function untestedRoutes(policy: CompiledPolicy, { tests }: PolicyTests): string[] {
  const asked = new Set(tests.map((test) => routeOf(policy, test)?.route.route.id))
  return policy.document.routes.map(({ id }) => id).filter((id) => !asked.has(id))
}

type Result = Pick<PolicyDecision, 'outcome' | 'reasons' | 'rule_id' | 'would_be'>

function decideCase(policy: CompiledPolicy, test: PolicyCase): Result {
  const match = routeOf(policy, test)
  if (match === null) {
    const reason = canonicalPath(test.request.path) === null ? 'request_malformed' : 'no_route'
    return { outcome: 'deny', reasons: [reason] }
  }
  return evaluate(policy, match.route, inputsOf(policy, test, match))
}

function routeOf(policy: CompiledPolicy, { request }: PolicyCase): RouteMatch | null {
  const path = canonicalPath(request.path)
  return path === null ? null : matchRoute(policy, request.host.toLowerCase(), request.method, path.segments)
}

function inputsOf(policy: CompiledPolicy, test: PolicyCase, match: RouteMatch): PolicyInputs {
  const { request, subject, device, risk } = test
  const { route, template } = match.route
  const path = canonicalPath(request.path)?.path ?? '/'
  const type = subject?.type ?? 'anonymous'
  const acr = subject?.acr ?? ''
  const session_tier = test.session_tier ?? sessionTier(type, acr, policy.document.step_up_acr)
  const tier = leastTier([device?.tier ?? 'untrusted', session_tier])
  return {
    subject: {
      type,
      id: subject?.id ?? 'anonymous',
      session_id: subject ? 'test-session' : '',
      groups: subject?.groups ?? [],
      roles: subject?.roles ?? [],
      idp: '',
      acr,
      amr: [],
      authentication_age_s: subject?.authentication_age_s ?? UNKNOWN_AGE_S,
    },
    device: {
      id: device?.id ?? '',
      known: device !== undefined,
      managed: device?.managed ?? false,
      os: device?.os ?? '',
      posture: device?.posture ?? 'unknown',
      tier: device?.tier ?? 'untrusted',
    },
    action: { name: route.action ?? request.method },
    resource: {
      type: route.resource_type,
      id: path,
      app: route.app,
      path,
      path_template: template.text,
      sensitivity: route.sensitivity,
      vars: match.vars,
    },
    context: {
      ip: request.ip,
      host: request.host.toLowerCase(),
      method: request.method,
      user_agent: request.user_agent,
      time: new Date(request.time),
    },
    trust: { tier, session_tier, level: tierLevel(tier) },
    risk: { ...risk, withheld: false },
  }
}

function compare(expected: PolicyCase['expect'], actual: Result): string[] {
  const differences: string[] = []
  const check = (what: string, wanted: string | undefined, got: string | undefined) => {
    if (wanted !== got) differences.push(`${what} is ${got ?? 'none'}, expected ${wanted ?? 'none'}`)
  }
  check('outcome', expected.outcome, actual.outcome)
  if (expected.rule !== undefined) check('rule', expected.rule, actual.rule_id)
  if (expected.reasons !== undefined) check('reasons', expected.reasons.join(', '), actual.reasons.join(', '))
  if (expected.would_be !== undefined) check('would_be', expected.would_be, actual.would_be)
  if (differences.length > 0 && expected.reasons === undefined) {
    differences.push(`reasons: ${actual.reasons.join(', ')}; rule: ${actual.rule_id ?? 'none'}`)
  }
  return differences
}
