import type { Alert } from '../../../schemas/alert.ts'
import { MORNING_MS, instant, subject } from '../scoring/findings.ts'

/** An open alert about alice, changed as the test wants it. */
export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    schema_version: 1,
    id: 'alert-s-1',
    tenant: 'default',
    revision: 1,
    kind: 'story',
    state: 'firing',
    severity: 'critical',
    summary: 'alice was in two places at once',
    description: '1 finding of impossible-travel',
    advice: 'Look at the story and judge it.',
    story_id: 's-1',
    entity: subject('alice'),
    risk_level: 'HIGH',
    response: 'raise_risk',
    causes: ['location'],
    detectors: ['impossible-travel'],
    findings_total: 1,
    entities_total: 1,
    decision_id: null,
    opened_at: instant(MORNING_MS),
    updated_at: instant(MORNING_MS),
    resolved_at: null,
    ...changes,
  }
}
