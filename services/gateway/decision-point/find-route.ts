import type { CompiledPolicy, CompiledRoute } from '../../policy/compile.ts'
import { matchRoute } from '../../policy/match.ts'
import type { RouteMatch } from '../../policy/match.ts'
import { canonicalPath } from '../../policy/path.ts'
import { hostOf } from '../proxy/request-facts.ts'

export interface Question {
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string; readonly app: string | undefined }
  readonly http: { readonly host: string; readonly method: string; readonly path: string } | null
}

/**
 * The route that a question is about. With `context.http` it is matched as the
 * proxy matches it. Otherwise by `resource.type` (a route's `resource_type`),
 * `resource.properties.app`, and `action.name` (a route's `action`, or one of
 * its methods). Several routes that fit alike give none: a guess could open
 * what one of them closes.
 */
export function findRoute(policy: CompiledPolicy, question: Question): RouteMatch | null {
  if (question.http !== null) {
    const path = canonicalPath(question.http.path)
    const host = hostOf(question.http.host)
    return path === null || host === '' ? null : matchRoute(policy, host, question.http.method, path.segments)
  }
  const { type, id, app } = question.resource
  const ofType = [...policy.routes.values()]
    .flat()
    .filter(({ route }) => route.resource_type === type && (app === undefined || route.app === app))
  const exact = ofType.filter(({ route }) => route.action === question.action)
  const method = question.action.toUpperCase()
  const byMethod = ofType.filter(
    ({ route }) => route.action === undefined && route.methods.some((m) => m === method),
  )
  const open = ofType.filter(({ route }) => route.action === undefined && route.methods.length === 0)
  const fitting = [exact, byMethod, open].find((routes) => routes.length > 0)
  const [route, another] = fitting ?? []
  return route === undefined || another !== undefined ? null : { route, vars: varsOf(route, id) }
}

/** The resource's id stands for the template's variable when there is exactly one. */
function varsOf({ template }: CompiledRoute, id: string): Readonly<Record<string, string>> {
  const names = template.segments.flatMap((segment) => (segment.kind === 'variable' ? [segment.name] : []))
  const [only, another] = names
  return only !== undefined && another === undefined ? { [only]: id } : {}
}
