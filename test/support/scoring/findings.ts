import type { Entity } from '../../../schemas/entity.ts'
import { Finding } from '../../../schemas/finding.ts'

export const MORNING_MS = Date.parse('2026-01-05T09:00:00.000Z')

export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

export function subject(name: string): Entity {
  return { type: 'subject', id: `user:${name}` }
}

/** A finding about alice at nine in the morning, changed as the test wants it. */
export function finding(changes: Partial<Finding> & { at_ms?: number } = {}): Finding {
  const { at_ms = MORNING_MS, ...rest } = changes
  return Finding.parse({
    schema_version: 1,
    id: 'f-1',
    revision: 1,
    tenant: 'default',
    origin: 'live',
    detector: { id: 'impossible-travel', version: 1 },
    cause: 'location',
    entity: subject('alice'),
    entities: [],
    score: 2,
    evidence_nats: 5.5,
    risk_level: 'HIGH',
    observed_at: instant(at_ms),
    first_observed_at: instant(at_ms),
    decision_ids: [`d-${rest.id ?? 'f-1'}`],
    decisions_total: 1,
    technique: 'T1078',
    evidence: {},
    gates: [],
    summary: 'alice was in two places at once',
    ...rest,
  })
}
