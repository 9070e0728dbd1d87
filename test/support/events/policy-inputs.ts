import { UNKNOWN_AGE_S } from '../../../services/policy/inputs.ts'
import type { PolicyInputs } from '../../../services/policy/inputs.ts'

type Overrides = { readonly [K in keyof PolicyInputs]?: Partial<PolicyInputs[K]> }

/** Inputs of an ordinary request of alice, with what a test cares about put in. */
export function policyInputs(over: Overrides = {}): PolicyInputs {
  return {
    subject: {
      type: 'user',
      id: 'alice',
      session_id: 's-1',
      groups: ['staff'],
      roles: [],
      idp: 'https://idp.example',
      acr: 'pwd',
      amr: ['pwd'],
      authentication_age_s: 60,
      ...over.subject,
    },
    device: {
      id: '',
      known: false,
      managed: false,
      os: '',
      posture: 'unknown',
      tier: 'untrusted',
      ...over.device,
    },
    action: { name: 'GET', ...over.action },
    resource: {
      type: 'http',
      id: '/',
      app: 'wiki',
      path: '/',
      path_template: '/**',
      sensitivity: 'medium',
      vars: {},
      ...over.resource,
    },
    context: {
      ip: '192.0.2.7',
      host: 'wiki.example',
      method: 'GET',
      user_agent: 'test',
      time: new Date('2026-01-31T09:30:00.000Z'),
      ...over.context,
    },
    trust: { tier: 'untrusted', session_tier: 'privileged', level: 0, ...over.trust },
    risk: {
      score: 2,
      level: 'LOW',
      age_ms: 100,
      revoke: false,
      withheld: false,
      raised_age_s: 0,
      source_score: 0,
      source_level: 'LOW',
      ...over.risk,
    },
  }
}

export const NOBODY: Partial<PolicyInputs['subject']> = {
  type: 'anonymous',
  id: 'anonymous',
  session_id: '',
  groups: [],
  acr: '',
  amr: [],
  authentication_age_s: UNKNOWN_AGE_S,
}
