import type { Policy } from '../../../schemas/policy.ts'
import type { Decision } from '../../../schemas/decision.ts'
import type { Target } from './person.ts'

/** What the gateway will call a target: the route's resource, in the gateway's own words. */
export interface RouteOfTarget {
  readonly route_id: string
  /** The rule that lets people in. */
  readonly rule_id: string
  readonly enforcement: 'observe' | 'enforce'
  readonly action: string
  readonly resource: Decision['resource']
}

export interface CompiledRoutes {
  find(target: Target): RouteOfTarget | null
}

/**
 * The demo's routes, for its history. It knows the two forms that the demo's
 * policy uses (text and `{name}` segments); the gateway matches by its own rules.
 */
export function compileRoutes(policy: Policy): CompiledRoutes {
  const routes = policy.routes.map((route) => ({ route, segments: route.path.split('/') }))
  return {
    find(target) {
      const segments = target.path.split('/')
      for (const { route, segments: template } of routes) {
        if (route.host !== `${target.app}.localhost` || template.length !== segments.length) continue
        if (route.methods.length > 0 && !route.methods.includes(target.method)) continue
        if (!template.every((part, i) => part.startsWith('{') || part === segments[i])) continue
        return {
          route_id: route.id,
          rule_id: `${route.id}.${route.rules.find(({ outcome }) => outcome === 'permit')?.id ?? ''}`,
          enforcement: route.enforcement,
          action: route.action ?? target.method,
          resource: {
            type: route.resource_type,
            id: target.path,
            app: route.app,
            path_template: route.path,
            sensitivity: route.sensitivity,
          },
        }
      }
      return null
    },
  }
}
