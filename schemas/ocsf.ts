import type { Decision, Outcome } from './decision.ts'
import type { Finding } from './finding.ts'
import type { ScoredDecision } from './scored-decision.ts'

/** The version of the Open Cybersecurity Schema Framework that these events follow. */
const VERSION = '1.8.0'
const PRODUCT = { name: 'Gatewatch', vendor_name: 'Gatewatch' }

/** An OCSF event; what is absent here is absent there. */
export type OcsfEvent = Readonly<Record<string, unknown>>

/** status_id, action_id, disposition_id and severity_id of the profile security_control, by outcome. */
const OUTCOMES: Readonly<
  Record<Outcome, readonly [status: number, action: number, disposition: number, severity: number]>
> = {
  permit: [1, 1, 1, 1],
  deny: [2, 2, 26, 2],
  // 23 Challenge is a silent proof such as a CAPTCHA, not a second sign-in: 99 and a name say it.
  step_up: [2, 2, 99, 2],
  revoke: [2, 2, 24, 4],
  error_closed: [2, 2, 27, 3],
  error_open: [2, 1, 27, 4],
}

const ACTIVITIES: Readonly<Record<string, number>> = {
  POST: 1,
  create: 1,
  GET: 2,
  HEAD: 2,
  read: 2,
  PUT: 3,
  PATCH: 3,
  update: 3,
  DELETE: 4,
  delete: 4,
}
const USER_TYPES = { user: 1, service: 4, device: 99, anonymous: 0 } as const

/**
 * A decision as OCSF API Activity (class 6003): an access decision is about a
 * call of an actor to a resource. Authorize Session (3003) looks closer by name
 * and means privileges assigned to a new session.
 */
export function decisionToOcsf({ decision, enrichment }: ScoredDecision): OcsfEvent {
  const [status_id, action_id, disposition_id, severity_id] = OUTCOMES[decision.outcome]
  const activity_id = ACTIVITIES[decision.action.name] ?? 99
  const { source } = enrichment
  const { context, policy, subject } = decision
  return dense({
    metadata: dense({
      version: VERSION,
      profiles: ['security_control'],
      product: {
        ...PRODUCT,
        ...(decision.pep?.version === undefined ? {} : { version: decision.pep.version }),
      },
      uid: decision.id,
      log_name: 'access-decision',
      tenant_uid: decision.tenant,
      correlation_uid: subject.session_id,
      sequence: decision.pep?.seq,
    }),
    category_uid: 6,
    class_uid: 6003,
    activity_id,
    type_uid: 600_300 + activity_id,
    time: Date.parse(decision.decided_at),
    severity_id,
    status_id,
    status_code: decision.reasons?.[0],
    duration: decision.latency_us === undefined ? undefined : Math.round(decision.latency_us / 1000),
    message: `${decision.outcome} ${decision.action.name} ${decision.resource.id}`,
    actor: dense({
      user: { uid: subject.id, type_id: USER_TYPES[subject.type] },
      session: subject.session_id === undefined ? undefined : { uid: subject.session_id },
      idp: subject.idp === undefined ? undefined : { name: subject.idp },
    }),
    api: dense({
      operation: `${decision.action.name} ${decision.resource.path_template ?? decision.resource.type}`,
      service: decision.resource.app === undefined ? undefined : { name: decision.resource.app },
    }),
    src_endpoint: dense({
      ip: context?.ip,
      // The class wants an endpoint, and an endpoint one of its names.
      name: context?.ip === undefined ? 'unknown' : undefined,
      port: context?.port,
      location:
        source.country === ''
          ? undefined
          : dense({ country: source.country, city: source.city || undefined }),
      autonomous_system: source.asn === 0 ? undefined : { number: source.asn, name: source.as_org },
    }),
    resources: [{ uid: decision.resource.id, type: decision.resource.type }],
    action_id,
    disposition_id,
    disposition: decision.outcome === 'step_up' ? 'Step-Up Required' : undefined,
    authorizations: policy?.rule_id === undefined ? undefined : [authorization(decision, policy.rule_id)],
    risk_score:
      decision.risk_at_decision === undefined ? undefined : Math.round(decision.risk_at_decision.score),
    is_alert: false,
  })
}

/** A finding as OCSF Detection Finding (class 2004): revision 1 creates, later ones update the same uid, and one that is over closes it. */
export function findingToOcsf(finding: Finding): OcsfEvent {
  const closed = finding.closed_at !== undefined
  const activity_id = closed ? 3 : finding.revision === 1 ? 1 : 2
  const level = { LOW: 1, MEDIUM: 2, HIGH: 3 }[finding.risk_level]
  return {
    metadata: {
      version: VERSION,
      profiles: ['security_control'],
      product: PRODUCT,
      uid: `${finding.id}-${finding.revision}`,
      tenant_uid: finding.tenant,
    },
    category_uid: 2,
    class_uid: 2004,
    activity_id,
    type_uid: 200_400 + activity_id,
    time: Date.parse(finding.observed_at),
    severity_id: level + 1,
    // New, or Resolved.
    status_id: closed ? 4 : 1,
    risk_level_id: level,
    is_alert: finding.risk_level === 'HIGH',
    message: finding.summary,
    finding_info: {
      uid: finding.id,
      title: finding.summary,
      types: [finding.cause],
      created_time: Date.parse(finding.first_observed_at),
      first_seen_time: Date.parse(finding.first_observed_at),
      last_seen_time: Date.parse(finding.observed_at),
      // 1 is Rule: the operator's own; 3 is Statistical: a score against a baseline.
      analytic: {
        uid: finding.detector.id,
        name: finding.detector.id,
        type_id: finding.detector.id.startsWith('rule-') ? 1 : 3,
        version: String(finding.detector.version),
      },
      related_events: finding.decision_ids.map((uid) => ({ uid })),
      attacks: [{ technique: { uid: finding.technique } }],
    },
    evidences: [{ data: finding.evidence }],
    resources: [{ uid: finding.entity.id, type: finding.entity.type }],
  }
}

function authorization(decision: Decision, uid: string): OcsfEvent {
  const version = decision.policy?.revision
  return { decision: decision.outcome, policy: dense({ uid, version, is_applied: true }) }
}

/** Without the members that have no value. */
function dense(event: OcsfEvent): OcsfEvent {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined))
}
