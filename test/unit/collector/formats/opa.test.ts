import { describe, expect, it } from 'vitest'
import { draftOf, reading, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const EVENT = {
  labels: { app: 'records', id: 'o-1', version: '1.4.2' },
  decision_id: '4ca636c1-55e4-417a-b1d8-4aceb67960d1',
  bundles: { authz: { revision: 'r7' } },
  path: 'http/example/authz/allow',
  input: { method: 'GET', path: ['records', '17'], user: 'alice', ip: '192.0.2.7', token: 'S3CRET' },
  result: true,
  requested_by: '192.0.2.1:59943',
  timestamp: '2026-03-01T08:00:00.123456Z',
  metrics: { timer_server_handler_ns: 120_400 },
  trace_id: '0af7651916cd43dd8448eb211c80319c',
}

describe('opa', () => {
  it('maps a decision', () => {
    expect(draftOf('opa', EVENT)).toEqual({
      schema_version: 1,
      decided_at: '2026-03-01T08:00:00.123Z',
      outcome: 'permit',
      reasons: ['policy_permit'],
      subject: { type: 'user', id: 'alice' },
      action: { name: 'GET' },
      resource: { type: 'http', id: '/records/17', path_template: '/records/{id}' },
      context: {
        ip: '192.0.2.7',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        http: { method: 'GET', path: '/records/17' },
      },
      policy: {
        revision: 'authz@r7',
        rule_id: 'http/example/authz/allow',
        inputs: {
          method: 'GET',
          path: ['records', '17'],
          user: 'alice',
          ip: '192.0.2.7',
          secrets_left_out: 1,
        },
      },
      latency_us: 120,
      unmapped: { event_id: EVENT.decision_id, labels: EVENT.labels, requested_by: '192.0.2.1:59943' },
    })
    expect(reading('opa', EVENT)).toMatchObject({ event_ids: [EVENT.decision_id] })
  })

  it.each([
    ['http/allow', true, 'permit', 'policy_permit'],
    ['http/allow', 'true', 'permit', 'policy_permit'],
    ['http/allow', false, 'deny', 'policy_deny'],
    ['http/allow', undefined, 'deny', 'no_rule_matched'],
    ['http/decision', { allow: true, deny: [] }, 'permit', 'policy_permit'],
    ['http/decision', { allow: true, deny: ['late'] }, 'deny', 'policy_deny'],
    ['http/decision', { allowed: false, http_status: 401 }, 'deny', 'not_authenticated'],
    ['http/decision', { allowed: false, http_status: 302 }, 'step_up', 'not_authenticated'],
    ['/http/deny', true, 'deny', 'policy_deny'],
    ['http/decision', { violation: [], deny: ['no'] }, 'deny', 'policy_deny'],
    ['kubernetes/admission/deny', [], 'permit', 'policy_permit'],
    ['kubernetes/admission/deny', ['no'], 'deny', 'policy_deny'],
    ['data.app.deny', true, 'deny', 'policy_deny'],
    ['system/main', { response: { allowed: false, uid: '' } }, 'deny', 'policy_deny'],
  ])('%s saying %j is %s, %s', (path, result, outcome, reason) => {
    expect(draftOf('opa', { ...EVENT, path, result })).toMatchObject({ outcome, reasons: [reason] })
  })

  it('a policy that failed decides nothing in favour of anybody', () => {
    const { result: _result, ...rest } = EVENT
    expect(draftOf('opa', { ...rest, error: { code: 'internal_error' } })).toMatchObject({
      outcome: 'error_closed',
      reasons: ['policy_error'],
      unmapped: { error: { code: 'internal_error' } },
    })
  })

  it('reads the input of Envoy’s plugin, of Kubernetes, and of AuthZEN', () => {
    const envoy = {
      attributes: {
        source: {
          principal: 'spiffe://example/web',
          address: { socketAddress: { address: '192.0.2.7', portValue: 41_000 } },
        },
        request: {
          http: { method: 'POST', host: 'app.example', path: '/a?b=c', headers: { authorization: 'S3CRET' } },
        },
      },
    }
    const draft = draftOf('opa', { ...EVENT, input: envoy })
    expect(draft).toMatchObject({
      subject: { type: 'service', id: 'spiffe://example/web' },
      action: { name: 'POST' },
      resource: { type: 'http', id: '/a', app: 'app.example' },
      context: { ip: '192.0.2.7', port: 41_000 },
    })
    expect(JSON.stringify(draft)).not.toContain('S3CRET')
    const verified = { 'envoy.filters.http.jwt_authn': { claims: { sub: 'alice' } } }
    const signedIn = { attributes: { ...envoy.attributes, metadataContext: { filterMetadata: verified } } }
    expect(draftOf('opa', { ...EVENT, input: signedIn }).subject).toEqual({ type: 'user', id: 'alice' })
    const kubernetes = {
      request: {
        operation: 'CREATE',
        kind: { kind: 'Pod' },
        namespace: 'web',
        name: 'p1',
        userInfo: { username: 'system:serviceaccount:ci:deploy' },
      },
    }
    expect(draftOf('opa', { ...EVENT, input: kubernetes })).toMatchObject({
      subject: { type: 'service', id: 'system:serviceaccount:ci:deploy' },
      action: { name: 'CREATE' },
      resource: { type: 'Pod', id: 'web/p1', app: 'kubernetes' },
    })
    const authzen = {
      subject: { type: 'device', id: 'd-1' },
      action: { name: 'read' },
      resource: { type: 'record', id: '17' },
      context: { ip: '192.0.2.9' },
    }
    expect(draftOf('opa', { ...EVENT, input: authzen })).toMatchObject({
      subject: { type: 'device', id: 'd-1' },
      action: { name: 'read' },
      resource: { type: 'record', id: '17' },
      context: { ip: '192.0.2.9' },
    })
  })

  it('an identity that is a token names nobody and is not kept', () => {
    const draft = draftOf('opa', {
      ...EVENT,
      path: 'system/authz/allow',
      input: { identity: 'S3CRET', method: 'GET' },
    })
    expect(draft.subject.type).toBe('anonymous')
    expect(JSON.stringify(draft)).not.toContain('S3CRET')
  })

  it('who asked nothing of a known shape still asked the policy', () => {
    expect(draftOf('opa', { ...EVENT, input: undefined })).toMatchObject({
      subject: { type: 'anonymous' },
      action: { name: 'evaluate' },
      resource: { type: 'policy', id: EVENT.path },
    })
  })

  it.each([
    ['an answer that is neither yes nor no', { ...EVENT, result: ['admin'] }, 'drop no_decision'],
    ['text', { ...EVENT, result: 'blue' }, 'drop no_decision'],
    ['an answer that was erased', { ...EVENT, result: undefined, erased: ['/result'] }, 'drop no_decision'],
    [
      'a request of the console log',
      { level: 'info', msg: 'Received request.', time: EVENT.timestamp },
      'drop other_program',
    ],
    ['no instant', { ...EVENT, timestamp: undefined }, 'dead-letter no_timestamp'],
    ['an instant that is none', { ...EVENT, timestamp: 'noon' }, 'dead-letter timestamp_invalid'],
    ['another product', { result: true }, 'dead-letter record_invalid'],
    ['half a line', '{"decision_id":', 'dead-letter json_invalid'],
  ])('%s is put aside', (_title, record, why) => {
    expect(whyNot('opa', record)).toBe(why)
  })

  it('a batch is all its events, and an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('opa', { timezone: '+02:00' })
    const read = reader.read(JSON.stringify([EVENT, { ...EVENT, timestamp: '2026-03-01T10:00:00' }]))
    expect(read).toMatchObject({
      value: [{ decided_at: '2026-03-01T08:00:00.123Z' }, { decided_at: '2026-03-01T08:00:00.000Z' }],
    })
  })
})
