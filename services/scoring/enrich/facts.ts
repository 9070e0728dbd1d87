import type { Activity } from '../../../schemas/activity.ts'
import type { Decision } from '../../../schemas/decision.ts'
import type { Reason } from '../../../schemas/reasons.ts'
import type { Enrichment } from '../../../schemas/scored-decision.ts'
import type { EnrichedDecision, SourceActivity } from '../detector.ts'
import { begin, hash32 } from '../state/hash.ts'
import { instantMs } from '../state/instant.ts'

const CREDENTIAL: ReadonlySet<Reason> = new Set([
  'credentials_rejected',
  'mfa_rejected',
  'account_unknown',
  'account_locked',
])

/** Refusals that tell where somebody is who claims to be the subject, and no more. */
const UNVOUCHED: ReadonlySet<Reason> = new Set([
  'credentials_rejected',
  'account_locked',
  'token_invalid',
  'not_authenticated',
  'request_malformed',
])

const SIGN_IN = /log.?[io]n|sign.?in|authenticat/i
const NO_REASONS: readonly Reason[] = []
const NO_GROUPS: readonly number[] = []
const MOST_GROUPS = 16
/** What stands before a value in its hash, so that a country and a system of one name differ. */
const AS = begin('AS')
const COUNTRY = begin('country ')
const OS = begin('os ')

/** Reads a decision for the detectors: flags, and each compared value hashed once. */
export function factsOf(decision: Decision, enrichment: Enrichment): EnrichedDecision {
  const reasons = decision.reasons ?? NO_REASONS
  const { source, user_agent: agent } = enrichment
  const { subject, resource, outcome } = decision
  const permitted = outcome === 'permit' || outcome === 'error_open'
  const refused = outcome === 'deny' && decision.caused_by !== 'risk_feedback'
  const signIn = SIGN_IN.test(decision.action.name)
  const placed = source.prefix !== ''
  const known = agent.family !== ''
  const family = begin(agent.family)
  const app = hash32(resource.app ?? resource.type)
  return {
    decision,
    enrichment,
    at_ms: instantMs(decision.decided_at),
    permitted,
    refused,
    credential_failure: refused && credential(reasons, signIn),
    account_unknown: reasons.includes('account_unknown'),
    vouched: permitted || !reasons.some((reason) => UNVOUCHED.has(reason)),
    sign_in: signIn,
    subject: hash32(subject.id, hash32(subject.type)),
    session: optional(subject.session_id),
    device: optional(decision.device?.id),
    prefix: placed ? hash32(source.prefix) : 0,
    asn: placed ? hash32(String(source.asn), AS) : 0,
    country: placed ? hash32(source.country, COUNTRY) : 0,
    agent: known ? hash32(agent.os, begin(' ', begin(agent.major, begin(' ', family)))) : 0,
    family: known ? hash32('', family) : 0,
    os: known ? hash32(agent.os, OS) : 0,
    tls: optional(decision.context?.tls_fingerprint),
    resource: hash32(resource.path_template ?? resource.id, app),
    app,
    object: hash32(resource.id, app),
    groups: subject.groups === undefined ? NO_GROUPS : subject.groups.slice(0, MOST_GROUPS).map(groupHash),
  }
}

/** Reads a slim record for the detectors of the second stage. */
export function sourceFactsOf(activity: Activity): SourceActivity {
  const refused = activity.outcome === 'deny' && activity.caused_by !== 'risk_feedback'
  return {
    activity,
    at_ms: instantMs(activity.decided_at),
    permitted: activity.outcome === 'permit' || activity.outcome === 'error_open',
    credential_failure: refused && credential(activity.reasons, SIGN_IN.test(activity.action)),
    account_unknown: activity.reasons.includes('account_unknown'),
    subject: hash32(activity.subject),
    app: hash32(activity.app),
  }
}

/** A foreign refusal whose reason nobody translated counts when it refused a sign-in. */
function credential(reasons: readonly Reason[], signIn: boolean): boolean {
  for (const reason of reasons) {
    if (CREDENTIAL.has(reason) || (signIn && (reason === 'foreign_deny' || reason === 'token_invalid')))
      return true
  }
  return signIn && reasons.length === 0
}

function groupHash(group: string): number {
  return hash32(group)
}

function optional(text: string | undefined): number {
  return text === undefined ? 0 : hash32(text)
}
