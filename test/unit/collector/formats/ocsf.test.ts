import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decisionToOcsf } from '../../../../schemas/ocsf.ts'
import { addressOf } from '../../../../services/collector/formats/address.ts'
import { scoredDecision } from '../../../support/events/decision-arbitrary.ts'
import { draftOf, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const API = {
  metadata: {
    uid: 'e-1',
    version: '1.8.0',
    product: { name: 'Gate', vendor_name: 'Example' },
    tenant_uid: 'acme',
  },
  category_uid: 6,
  class_uid: 6003,
  activity_id: 1,
  type_uid: 600_301,
  severity_id: 1,
  time: 1_772_352_000_123,
  status_id: 1,
  duration: 7,
  actor: {
    user: {
      uid: 'u-1',
      name: 'alice',
      email_addr: 'Alice@example.org',
      type_id: 1,
      groups: [{ name: 'dev' }],
    },
    session: { uid: 's-1', is_mfa: true },
    idp: { name: 'example-idp' },
  },
  api: { operation: 'CreateUser', service: { name: 'iam' } },
  src_endpoint: { ip: '192.0.2.7', port: 41_000, location: { country: 'PT' } },
  http_request: { user_agent: 'Mozilla/5.0' },
  device: { uid: 'd-1', is_managed: true, is_compliant: false, os: { name: 'Linux' } },
  resources: [{ uid: 'user/bob', type: 'user' }],
}
const SIGN_IN = {
  ...API,
  class_uid: 3002,
  api: undefined,
  resources: undefined,
  user: { name: 'bob', uid: 'u-2' },
  service: { name: 'VPN' },
  auth_protocol: 'SAML',
}

describe('ocsf', () => {
  it('maps API Activity', () => {
    expect(draftOf('ocsf', API)).toMatchObject({
      decided_at: '2026-03-01T08:00:00.123Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: {
        type: 'user',
        id: 'alice@example.org',
        session_id: 's-1',
        idp: 'example-idp',
        groups: ['dev'],
        amr: ['mfa'],
      },
      action: { name: 'CreateUser' },
      resource: { type: 'user', id: 'user/bob', app: 'iam' },
      context: { ip: '192.0.2.7', port: 41_000, user_agent: 'Mozilla/5.0' },
      device: { id: 'd-1', managed: true, posture: 'not_compliant', os: 'Linux' },
      latency_us: 7000,
      unmapped: { event_id: 'e-1', class_uid: 6003, tenant_uid: 'acme' },
    })
  })

  it('maps Authentication: who signs in, where', () => {
    expect(draftOf('ocsf', SIGN_IN)).toMatchObject({
      subject: { type: 'user', id: 'u-2', amr: ['SAML', 'mfa'] },
      action: { name: 'sign_in' },
      resource: { type: 'application', id: 'VPN', app: 'VPN' },
    })
    const windows = {
      ...SIGN_IN,
      service: undefined,
      user: { name: 'Administrator', uid: 'NULL SID' },
      dst_endpoint: { hostname: 'dc-1' },
      status_id: 2,
      status_detail: 'Unknown user name or bad password.',
    }
    expect(draftOf('ocsf', windows)).toMatchObject({
      outcome: 'deny',
      reasons: ['credentials_rejected'],
      subject: { id: 'Administrator' },
      resource: { type: 'host', id: 'dc-1' },
    })
  })

  it('maps HTTP Activity and Web Resources Activity', () => {
    const http = {
      ...API,
      class_uid: 4002,
      api: undefined,
      resources: undefined,
      status_id: undefined,
      http_request: { http_method: 'GET', url: { hostname: 'app.example', path: '/records/17' } },
      http_response: { code: 403 },
    }
    expect(draftOf('ocsf', http)).toMatchObject({
      outcome: 'deny',
      action: { name: 'GET' },
      resource: { type: 'http', id: '/records/17', app: 'app.example', path_template: '/records/{id}' },
      context: { http: { host: 'app.example', status: 403 } },
    })
    const web = {
      ...http,
      class_uid: 6001,
      activity_id: 8,
      status_id: 1,
      http_request: undefined,
      web_resources: [{ uid: 'doc-1', type: 'document' }],
    }
    expect(draftOf('ocsf', web)).toMatchObject({
      outcome: 'permit',
      action: { name: 'share' },
      resource: { type: 'document', id: 'doc-1' },
    })
  })

  it.each([
    [{ action_id: 2, disposition_id: 26 }, 'deny', 'foreign_deny'],
    [{ action_id: 2, disposition_id: 24 }, 'revoke', 'session_revoked'],
    [{ action_id: 1, disposition_id: 27 }, 'error_open', 'policy_error'],
    [{ action_id: 2, disposition_id: 27 }, 'error_closed', 'policy_error'],
    [{ action_id: 2, disposition_id: 99, disposition: 'Step-Up Required' }, 'step_up', 'step_up_required'],
    [{ disposition_id: 23 }, 'step_up', 'step_up_required'],
    [{ disposition_id: 22 }, 'step_up', 'step_up_required'],
    [{ action_id: 3, disposition_id: 17, status_id: 1 }, 'permit', 'foreign_permit'],
    [{ status_id: undefined, status: 'Failure' }, 'deny', 'foreign_deny'],
    [{ status_id: undefined, api: { operation: 'create', response: { code: 403 } } }, 'deny', 'foreign_deny'],
    [{ disposition_id: 2 }, 'deny', 'foreign_deny'],
    [{ action_id: 1, status_id: 2 }, 'permit', 'foreign_permit'],
    [{ status_id: 2 }, 'deny', 'foreign_deny'],
    [
      { status_id: 2, api: { operation: 'x', response: { error: 'AccessDenied' } } },
      'deny',
      'permission_missing',
    ],
    [{ status_id: 2, api: { operation: 'x', response: { code: 404 } } }, 'permit', 'foreign_permit'],
    [{ status_id: 2, status_code: 'mfa_rejected' }, 'deny', 'mfa_rejected'],
    [{ class_uid: 6004, activity_id: 3, status_id: 99 }, 'revoke', 'session_revoked'],
  ])('%j is %s, %s', (members, outcome, reason) => {
    expect(draftOf('ocsf', { ...API, ...members })).toMatchObject({ outcome, reasons: [reason] })
  })

  it.each([1_772_352_000, 1_772_352_000_000, 1_772_352_000_000_000])('reads %i as a time', (time) => {
    expect(draftOf('ocsf', { ...API, time }).decided_at).toBe('2026-03-01T08:00:00.000Z')
  })

  it.each([
    ['a finding', { ...API, class_uid: 2004 }, 'drop other_program'],
    ['privileges given to a session', { ...API, class_uid: 3003 }, 'drop other_program'],
    ['a logoff', { ...SIGN_IN, activity_id: 2 }, 'drop no_decision'],
    ['an outcome that nobody knows', { ...API, status_id: 0 }, 'drop no_decision'],
    ['no instant', { ...API, time: undefined }, 'dead-letter no_timestamp'],
    ['an instant that is none', { ...API, time: 'noon' }, 'dead-letter timestamp_invalid'],
    ['another product', { eventType: 'x' }, 'dead-letter record_invalid'],
    ['half a line', '{"class_uid":', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, event, why) => {
    expect(whyNot('ocsf', event)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('ocsf', { timezone: '+02:00' })
    expect(
      reader.read(JSON.stringify({ ...API, time: undefined, time_dt: '2026-03-01T10:00:00' })),
    ).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.000Z' }],
    })
  })

  it('reads back what is exported, as far as it was exported, whatever it holds', () => {
    fc.assert(
      fc.property(scoredDecision, (scored) => {
        const { decision } = scored
        // The export writes one or the other in one place, so that a template equal to the type is told as the type.
        fc.pre(
          decision.resource.path_template !== decision.resource.type &&
            decision.resource.path_template !== '',
        )
        const draft = draftOf('ocsf', JSON.stringify(decisionToOcsf(scored)))
        const { subject, policy } = decision
        const { decided_at, outcome, reasons } = draft
        expect({ decided_at, outcome }).toEqual({
          decided_at: decision.decided_at,
          outcome: decision.outcome,
        })
        expect(reasons).toEqual([decision.reasons?.[0] ?? reasons?.[0]])
        expect(draft.subject).toEqual({
          type: subject.type,
          id: subject.id,
          ...(subject.session_id === undefined ? {} : { session_id: subject.session_id }),
          ...(subject.idp === undefined ? {} : { idp: subject.idp }),
        })
        expect(draft.action).toEqual(decision.action)
        const { type, id, app, path_template } = decision.resource
        expect(draft.resource).toEqual({
          type,
          id,
          ...(app === undefined ? {} : { app }),
          ...(path_template === undefined ? {} : { path_template }),
        })
        expect(draft.context?.ip ?? null).toBe(addressOf(decision.context?.ip ?? ''))
        expect(draft.context?.port ?? 0).toBe(decision.context?.port ?? 0)
        // Without a rule there is no authorization to write a revision into.
        const { rule_id, revision } = policy?.rule_id === undefined ? {} : policy
        expect([draft.policy?.rule_id, draft.policy?.revision]).toEqual([rule_id, revision])
        expect(draft.unmapped).toMatchObject({ event_id: decision.id, tenant_uid: decision.tenant })
      }),
      { numRuns: 200 },
    )
  })

  const EXAMPLES = new URL('../../../../../shared/reference/ocsf-examples/', import.meta.url)
  it.skipIf(!existsSync(EXAMPLES))('reads events that a checker of the schema has accepted', () => {
    const outcomes = readdirSync(EXAMPLES).map((name) => {
      const event = JSON.stringify(JSON.parse(readFileSync(new URL(name, EXAMPLES), 'utf8')))
      return name === 'ev_find.json' ? [name, whyNot('ocsf', event)] : [name, draftOf('ocsf', event).outcome]
    })
    expect(Object.fromEntries(outcomes)).toEqual({
      'ev_api.json': 'permit',
      'ev_deny.json': 'deny',
      'ev_failopen.json': 'error_open',
      'ev_find.json': 'drop other_program',
      'ev_revoke.json': 'revoke',
      'ev_stepup.json': 'step_up',
    })
  })
})
