import type { Decision } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import type { Story } from '../../../schemas/story.ts'
import type { Verdict } from '../../../schemas/verdict.ts'

/** Whole records of every kind with sensible content, for tests that need one and say only what matters. */
export function sampleScored(
  decision: Partial<Decision> & { id: string; decided_at: string },
): ScoredDecision {
  return {
    decision: {
      schema_version: 1,
      outcome: 'permit',
      tenant: 'default',
      origin: 'live',
      reasons: ['policy_permit'],
      subject: { type: 'user', id: 'alice', session_id: 's-1' },
      action: { name: 'read' },
      resource: {
        type: 'http',
        id: '/records/1',
        app: 'records',
        path_template: '/records/{id}',
        sensitivity: 'medium',
      },
      context: { ip: '192.0.2.10', user_agent: 'test', http: { method: 'GET', path: '/records/1' } },
      pep: { id: 'gw-1', boot_id: 'boot-1', seq: 0 },
      policy: { revision: 'r-1', rule_id: 'staff', route_id: 'records', enforcement: 'enforce' },
      risk_at_decision: { score: 2, level: 'LOW', revision: 1, age_ms: 12 },
      latency_us: 480,
      ...decision,
    },
    enrichment: {
      source: {
        prefix: '192.0.2.0/24',
        city: 'Lisbon',
        region: 'Lisbon',
        country: 'PT',
        latitude: 38.7,
        longitude: -9.1,
        accuracy_km: 25,
        asn: 64500,
        as_org: 'Example Access',
        network_kind: 'access',
      },
      user_agent: { family: 'Firefox', major: '140', os: 'Linux', device_type: 'desktop' },
      resource: { sensitivity: 'medium' },
    },
    scores: { 'unfamiliar-context': 1.5 },
  }
}

export function sampleFinding(finding: Partial<Finding> & { id: string; observed_at: string }): Finding {
  return {
    schema_version: 1,
    revision: 1,
    tenant: 'default',
    origin: 'live',
    detector: { id: 'denied-burst', version: 1 },
    cause: 'rate',
    entity: { type: 'subject', id: 'user:alice' },
    entities: [{ type: 'source', id: '192.0.2.0/24' }],
    score: 12,
    evidence_nats: 4.2,
    risk_level: 'MEDIUM',
    first_observed_at: finding.observed_at,
    decision_ids: ['d-1'],
    decisions_total: 1,
    technique: 'T1087',
    evidence: { observed_refusals: 12, expected_refusals: 1 },
    gates: [],
    summary: 'Refused about 12 times within minutes; usual is 1.',
    ...finding,
  }
}

export function sampleStory(story: Partial<Story> & { id: string; observed_at: string }): Story {
  return {
    schema_version: 1,
    tenant: 'default',
    origin: 'live',
    revision: 1,
    state: 'open',
    merged_into: null,
    title: 'alice was refused unusually often',
    risk_level: 'MEDIUM',
    causes: ['rate'],
    detectors: ['denied-burst'],
    entities: [{ type: 'subject', id: 'user:alice' }],
    entities_total: 1,
    finding_ids: ['f-1'],
    findings_total: 1,
    response: 'raise_risk',
    opened_at: story.observed_at,
    closed_at: null,
    owner: null,
    verdict: null,
    ...story,
  }
}

export function sampleRisk(state: Partial<RiskState> & { updated_at: string }): RiskState {
  return {
    schema_version: 1,
    tenant: 'default',
    entity: { type: 'subject', id: 'user:alice' },
    origin: 'live',
    revision: 1,
    score: 52,
    level: 'MEDIUM',
    required_action: 'none',
    causes: [{ cause: 'rate', nats: 4.2, at: state.updated_at, finding_ids: ['f-1'] }],
    story_ids: ['story-1'],
    expires_at: null,
    restricted_since: null,
    revoked_before: null,
    withheld: null,
    decision_id: 'd-1',
    ...state,
  }
}

export function sampleVerdict(verdict: Partial<Verdict> & { id: string; decided_at: string }): Verdict {
  return {
    schema_version: 1,
    tenant: 'default',
    verdict: 'confirm_safe',
    entity: { type: 'subject', id: 'user:alice' },
    story_id: 'story-1',
    finding_ids: ['f-1'],
    analyst: 'bob',
    note: 'on holiday',
    ...verdict,
  }
}
