import type { Decision } from '../../schemas/decision.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { evaluate } from '../policy/evaluate.ts'
import type { PolicyInputs } from '../policy/inputs.ts'
import { matchRoute } from '../policy/match.ts'
import { canonicalPath } from '../policy/path.ts'
import { sessionTier } from '../policy/tiers.ts'
import { inferTrust } from './trust.ts'

type Shadow = NonNullable<NonNullable<Decision['policy']>['shadow']>

/** What finds a route, and what is asked where a route doesn't name its action. */
interface ShadowedRequest {
  readonly host: string
  readonly method: string
  readonly action: string
  readonly resource: { readonly path: string }
}

/**
 * What another revision of the policy says of a request that the one in force
 * refused: the same person, device, risk and instant, its own routes and rules.
 * Undefined where it can't tell, because it had no route for the request.
 *
 * Asked for refusals only, and for a week after a change: a few microseconds
 * each, of which nobody who gets in pays any.
 */
export function shadowOf(
  previous: CompiledPolicy,
  request: ShadowedRequest,
  inputs: PolicyInputs,
): Shadow | undefined {
  const path = canonicalPath(request.resource.path)
  const match = path === null ? null : matchRoute(previous, request.host, request.method, path.segments)
  if (match === null) return undefined
  const { route, template } = match.route
  const { device, subject } = inputs
  const { outcome } = evaluate(previous, match.route, {
    ...inputs,
    action: { name: route.action ?? request.action },
    resource: {
      ...inputs.resource,
      type: route.resource_type,
      app: route.app,
      path_template: template.text,
      sensitivity: route.sensitivity,
      vars: match.vars,
    },
    trust: inferTrust(device.tier, sessionTier(subject.type, subject.acr, previous.document.step_up_acr)),
  })
  return { revision: previous.revision, outcome }
}
