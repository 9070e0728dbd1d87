import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decided } from '../../../services/gateway/decide.ts'
import { clientHeaders, isClaimed, upstreamHeaders } from '../../../services/gateway/proxy/headers.ts'
import type { RequestFacts } from '../../../services/gateway/proxy/request-facts.ts'
import { policyInputs } from '../../support/events/policy-inputs.ts'

const facts: RequestFacts = {
  ip: '192.0.2.1',
  via_trusted_proxy: false,
  scheme: 'https',
  host: 'app.example',
  authority: 'app.example:8443',
  method: 'GET',
  target: '/',
  path: { path: '/', segments: [], query: '' },
  user_agent: '',
}

function decided(over: Parameters<typeof policyInputs>[0] = {}): Decided {
  const inputs = policyInputs(over)
  return {
    inputs,
    decision: { outcome: 'permit', reasons: ['policy_permit'], inputs: {}, break_glass: false },
    draft: {
      decided_at: '2026-01-31T09:30:00.000Z',
      outcome: 'permit',
      subject: { type: 'user', id: 'alice' },
      action: { name: 'GET' },
      resource: { type: 'http', id: '/' },
      policy: { rule_id: 'r.staff' },
    },
  }
}

describe('headers for the application', () => {
  it.each([
    'X-Gatewatch-Subject',
    'x_gatewatch_subject',
    'X-Gatewatch_Subject',
    'X-Forwarded-For',
    'x_forwarded_user',
    'Forwarded',
    'X-Real-IP',
    'X-Auth-Request-Email',
    'REMOTE_USER',
    'X-Original-URL',
    'X-HTTP-Method-Override',
    'X-Goog-Authenticated-User-Email',
    'Ssl-Client-Verify',
  ])('%s is a claim that nobody outside may make', (name) => {
    expect(isClaimed(name)).toBe(true)
    expect(upstreamHeaders({ [name.toLowerCase()]: 'root' }, facts, decided(), 'd-1')).not.toMatchObject({
      [name.toLowerCase()]: 'root',
    })
  })

  it.each(['accept', 'content-type', 'x-request-id', 'traceparent', 'x-csrf-token', 'user-agent'])(
    '%s is passed on',
    (name) => {
      expect(upstreamHeaders({ [name]: 'v' }, facts, decided(), 'd-1')[name]).toBe('v')
    },
  )

  it('says who it is and what was decided', () => {
    const headers = upstreamHeaders({}, facts, decided({ risk: { level: 'MEDIUM', score: 51.7 } }), 'd-1')
    expect(headers).toEqual({
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-host': 'app.example:8443',
      'x-forwarded-proto': 'https',
      'x-gatewatch-subject': 'user:alice',
      'x-gatewatch-groups': 'staff',
      'x-gatewatch-roles': '',
      'x-gatewatch-decision-id': 'd-1',
      'x-gatewatch-policy-rule': 'r.staff',
      'x-gatewatch-trust-tier': 'untrusted',
      'x-gatewatch-risk-level': 'MEDIUM',
      'x-gatewatch-risk-score': '52',
    })
  })

  it('drops a token that was meant for the gateway, and no other credential', () => {
    const headers = { authorization: 'Basic abc' }
    expect(upstreamHeaders(headers, facts, decided(), 'd')['authorization']).toBe('Basic abc')
    expect(
      upstreamHeaders(headers, facts, decided(), 'd', { consumedBearer: true })['authorization'],
    ).toBeUndefined()
  })

  it('drops what Connection names, and cookies of ours whatever their prefix', () => {
    const headers = {
      connection: 'close, X-Internal',
      'x-internal': '1',
      'transfer-encoding': 'chunked',
      'proxy-authorization': 'x',
      cookie:
        'a=1; gatewatch_access=x; __Host-gatewatch_access=x; gatewatch_device=y;  b=2; gatewatch_login_ab=z',
    }
    const out = upstreamHeaders(headers, facts, decided(), 'd')
    expect(out['cookie']).toBe('a=1; b=2')
    for (const name of ['connection', 'x-internal', 'transfer-encoding', 'proxy-authorization'])
      expect(out[name]).toBeUndefined()
  })

  it('never lets a name break out of its header', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
        (id, groups) => {
          const headers = upstreamHeaders({}, facts, decided({ subject: { id, groups } }), 'd')
          expect(headers['x-gatewatch-subject']).toMatch(/^user:[\x21-\x7e]*$/)
          expect(headers['x-gatewatch-groups']).toMatch(/^[\x21-\x7e]*$/)
          const list = String(headers['x-gatewatch-groups'])
          expect(list.split(',')).toHaveLength(Math.max(1, groups.length))
        },
      ),
    )
  })
})

describe('headers for the client', () => {
  it('carry no claim of the application about decisions, and none of our cookies', () => {
    const out = clientHeaders(
      {
        connection: 'x-hop',
        'x-hop': '1',
        'x-gatewatch-decision-id': 'forged',
        'content-type': 'text/plain',
        'set-cookie': ['a=1', 'gatewatch_access=evil; Path=/', '__Host-gatewatch_device=evil'],
      },
      'd-1',
    )
    expect(out).toEqual({
      'content-type': 'text/plain',
      'set-cookie': ['a=1'],
      'x-gatewatch-decision-id': 'd-1',
    })
  })
})
