import type { IncomingHttpHeaders } from 'node:http'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { PolicyInputs } from '../policy/inputs.ts'
import { matchRoute } from '../policy/match.ts'
import type { RouteMatch } from '../policy/match.ts'
import { decide } from './decide.ts'
import type { Decided, DecideOptions } from './decide.ts'
import type { Identity } from './identity/identity.ts'
import type { RequestFacts } from './proxy/request-facts.ts'

export interface ProxiedRequest {
  readonly headers: IncomingHttpHeaders
  readonly facts: RequestFacts
  /** SHA-256 thumbprint of a client certificate that TLS accepted. */
  readonly certificate: string | null
}

export interface JudgeOptions extends DecideOptions {
  readonly identify: (headers: IncomingHttpHeaders, facts: RequestFacts, now: number) => Promise<Identity>
  readonly identifyDevice: (request: ProxiedRequest, now: number) => Promise<PolicyInputs['device']>
  readonly now: () => number
}

export interface Judged {
  readonly match: RouteMatch
  readonly identity: Identity
  readonly decided: Decided
  /** What the decision itself took, who asks being known. */
  readonly decide_us: number
}

/**
 * Judges a request under `policy` with identity, device and risk as they stand
 * now. The same for a request that comes in and for one that is still being
 * served, so that a connection stays open only while it would be let in again.
 * Null: the policy has no route for it.
 */
export async function judge(
  options: JudgeOptions,
  policy: CompiledPolicy,
  request: ProxiedRequest,
): Promise<Judged | null> {
  const { facts } = request
  const { now } = options
  if (facts.path === null || facts.host === '') return null
  const match = matchRoute(policy, facts.host, facts.method, facts.path.segments)
  if (match === null) return null
  const identity = await options.identify(request.headers, facts, now())
  const device = await options.identifyDevice(request, now())
  const before = performance.now()
  const { route } = match.route
  const { path } = facts.path
  const decided = decide(
    policy,
    {
      match,
      identity,
      device,
      action: route.action ?? facts.method,
      resource: { type: route.resource_type, id: path.slice(0, 1024), path },
      ip: facts.ip,
      host: facts.host,
      method: facts.method,
      user_agent: facts.user_agent,
    },
    now(),
    options,
  )
  return { match, identity, decided, decide_us: (performance.now() - before) * 1000 }
}
