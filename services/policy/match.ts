import type { CompiledPolicy, CompiledRoute } from './compile.ts'
import { matchTemplate } from './template.ts'

export interface RouteMatch {
  readonly route: CompiledRoute
  readonly vars: Readonly<Record<string, string>>
}

/**
 * The route that serves a request, or null. The most specific template that
 * matches the path decides; when it does not take the method, no other
 * template steps in, so that a wide route never opens what a narrow one closed.
 * HEAD goes where GET goes.
 */
export function matchRoute(
  policy: CompiledPolicy,
  host: string,
  method: string,
  segments: readonly string[],
): RouteMatch | null {
  const routes = policy.routes.get(host) ?? []
  let shape: string | null = null
  let any: RouteMatch | null = null
  for (const route of routes) {
    if (shape !== null && route.template.shape !== shape) break
    const vars = matchTemplate(route.template, segments)
    if (vars === null) continue
    shape = route.template.shape
    const { methods } = route.route
    if (methods.length === 0) any = { route, vars }
    else if (takes(methods, method)) return { route, vars }
  }
  return any
}

function takes(methods: readonly string[], method: string): boolean {
  return methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}
