import { describe, expect, it } from 'vitest'
import { draftOf, reading, readerOf, whyNot } from '../../../support/collector/format-reading.ts'

const LINE = {
  start_time: '2026-03-01T08:00:00.310Z',
  method: 'POST',
  path: '/records/17?token=x',
  protocol: 'HTTP/2',
  response_code: 200,
  response_code_details: 'via_upstream',
  response_flags: '-',
  bytes_received: 12,
  bytes_sent: 345,
  user_agent: 'Mozilla/5.0',
  request_id: 'cc21d9b0',
  authority: 'records.example',
  x_forwarded_for: '203.0.113.9',
  downstream_remote_address: '192.0.2.7:41000',
  route_name: 'records',
  user: 'alice',
}

describe('envoy, a JSON line', () => {
  it('maps a request that was let through', () => {
    expect(draftOf('envoy', LINE)).toEqual({
      schema_version: 1,
      decided_at: '2026-03-01T08:00:00.310Z',
      outcome: 'permit',
      reasons: ['foreign_permit'],
      subject: { type: 'user', id: 'alice' },
      action: { name: 'POST' },
      resource: { type: 'http', id: '/records/17', app: 'records.example', path_template: '/records/{id}' },
      context: {
        ip: '192.0.2.7',
        port: 41_000,
        user_agent: 'Mozilla/5.0',
        http: {
          host: 'records.example',
          method: 'POST',
          path: '/records/17',
          status: 200,
          bytes_in: 12,
          bytes_out: 345,
        },
      },
      policy: { route_id: 'records' },
      unmapped: {
        request_id: 'cc21d9b0',
        response_code_details: 'via_upstream',
        protocol: 'HTTP/2',
        x_forwarded_for: '203.0.113.9',
      },
    })
  })

  it('the names of Envoy Gateway are the same', () => {
    const { authority, path, user_agent, request_id, ...rest } = LINE
    const { unmapped: _theirs, ...theirs } = draftOf('envoy', {
      ...rest,
      ':authority': authority,
      'x-envoy-origin-path': path,
      'user-agent': user_agent,
      'x-request-id': request_id,
    })
    const { unmapped: _ours, ...ours } = draftOf('envoy', LINE)
    expect(theirs).toEqual(ours)
  })

  it.each([
    [403, 'ext_authz_denied', '-', 'deny', 'policy_deny'],
    [403, '', 'UAEX', 'deny', 'policy_deny'],
    [401, 'ext_authz_denied', 'UAEX', 'deny', 'not_authenticated'],
    [302, 'ext_authz_denied', 'UAEX', 'step_up', 'not_authenticated'],
    [403, 'ext_authz_error', 'UAEX', 'error_closed', 'policy_error'],
    [403, 'rbac_access_denied_matched_policy[none]', '-', 'deny', 'policy_deny'],
    [401, 'jwt_authn_access_denied{Jwt_is_missing}', '-', 'deny', 'not_authenticated'],
    [401, 'jwt_authn_access_denied{Jwt_is_expired}', '-', 'deny', 'token_expired'],
    [401, 'jwt_authn_access_denied{Jwt_verification_fails}', '-', 'deny', 'token_invalid'],
    [429, 'request_rate_limited', 'RL', 'error_closed', 'rate_limited'],
    [404, 'route_not_found', 'NR', 'deny', 'no_route'],
    [503, 'upstream_reset_before_response_started{connection_failure}', 'UF,URX', 'permit', 'foreign_permit'],
    [500, 'via_upstream', '-', 'permit', 'foreign_permit'],
    [403, 'via_upstream', '-', 'deny', 'foreign_deny'],
    [401, 'via_upstream', '-', 'deny', 'credentials_rejected'],
    [404, 'via_upstream', '-', 'permit', 'foreign_permit'],
  ])(
    '%i %s with flags %s is %s, %s',
    (response_code, response_code_details, response_flags, outcome, reason) => {
      expect(
        draftOf('envoy', { ...LINE, response_code, response_code_details, response_flags }),
      ).toMatchObject({
        outcome,
        reasons: [reason],
      })
    },
  )

  it('names the policy that denied, and the service of a client certificate', () => {
    const { user: _user, ...anonymous } = LINE
    const denied = {
      response_code: 403,
      response_code_details: 'rbac_access_denied_matched_policy[no-batch]',
    }
    expect(
      draftOf('envoy', { ...anonymous, ...denied, downstream_peer_uri_san: 'spiffe://example/batch' }),
    ).toMatchObject({
      subject: { type: 'service', id: 'spiffe://example/batch' },
      policy: { rule_id: 'no-batch', route_id: 'records' },
    })
    expect(draftOf('envoy', anonymous).subject).toEqual({ type: 'anonymous', id: 'anonymous' })
  })

  it('a request that passed because the authorization service was down is told from a permit', () => {
    expect(draftOf('envoy', { ...LINE, x_envoy_auth_failure_mode_allowed: 'true' })).toMatchObject({
      outcome: 'error_open',
      reasons: ['policy_error'],
    })
  })

  it.each([
    [
      'a client that left',
      { ...LINE, response_code: 0, response_code_details: 'downstream_remote_disconnect' },
      'drop no_decision',
    ],
    ['a health check', { ...LINE, response_flags: 'LH' }, 'drop no_decision'],
    ['a request that goes on', { ...LINE, access_log_type: 'DownstreamPeriodic' }, 'drop no_decision'],
    ['a TCP connection', { start_time: LINE.start_time, bytes_sent: 3 }, 'drop no_decision'],
    [
      'a server error of nobody knows whom',
      { ...LINE, response_code: 500, response_code_details: '' },
      'drop no_decision',
    ],
    [
      'a line of another log',
      { level: 'info', msg: 'all clusters initialized' },
      'dead-letter record_invalid',
    ],
    ['no instant', { ...LINE, start_time: undefined }, 'dead-letter no_timestamp'],
    ['an instant that is none', { ...LINE, start_time: 'soon' }, 'dead-letter timestamp_invalid'],
  ])('%s: %s', (_title, line, why) => {
    expect(whyNot('envoy', line)).toBe(why)
  })

  it('an instant without a zone is of the zone that was given', () => {
    const reader = readerOf('envoy', { timezone: 'Europe/Berlin' })
    const read = reader.read(JSON.stringify({ ...LINE, start_time: '2026-07-01T10:00:00.310' }))
    expect(read).toMatchObject({ value: [{ decided_at: '2026-07-01T08:00:00.310Z' }] })
    expect(reader.assumedZone?.()).toBe(true)
  })
})

describe('envoy, a message of the access log service', () => {
  const entry = {
    common_properties: {
      start_time: '2026-03-01T08:00:00.310Z',
      downstream_remote_address: { socket_address: { address: '2001:db8::7', port_value: 41_000 } },
      response_flags: { unauthorized_details: { reason: 'EXTERNAL_SERVICE' } },
      route_name: 'records',
      tls_properties: {
        ja3_fingerprint: 'a0b1',
        peer_certificate_properties: { subject_alt_name: [{ uri: 'spiffe://example/web' }] },
      },
      metadata: { filter_metadata: { 'envoy.filters.http.jwt_authn': { payload: { sub: 'alice' } } } },
    },
    request: {
      request_method: 'GET',
      authority: 'records.example',
      path: '/records/17',
      user_agent: 'curl/8.5',
    },
    response: { response_code: 403, response_code_details: 'ext_authz_denied' },
  }
  const camel = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(camel)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, each]) => [
              // Keys of a map are data, and stay as they are.
              key.includes('.')
                ? key
                : key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
              camel(each),
            ]),
          )
        : value

  it('maps an entry, under original names and in camelCase alike', () => {
    const draft = draftOf('envoy', { identifier: { log_name: 'x' }, http_logs: { log_entry: [entry] } })
    expect(draft).toMatchObject({
      decided_at: '2026-03-01T08:00:00.310Z',
      outcome: 'deny',
      reasons: ['policy_deny'],
      subject: { type: 'user', id: 'alice' },
      action: { name: 'GET' },
      resource: { id: '/records/17', app: 'records.example' },
      context: {
        ip: '2001:db8::7',
        port: 41_000,
        tls_fingerprint: 'a0b1',
        user_agent: 'curl/8.5',
        http: { status: 403 },
      },
      policy: { route_id: 'records' },
    })
    const { unmapped: _kept, ...mapped } = draft
    expect(draftOf('envoy', camel({ http_logs: { log_entry: [entry] } }))).toMatchObject(mapped)
  })

  it('keeps what has no place, without credentials', () => {
    const headers = { 'x-team': 'a', authorization: 'S3CRET' }
    const kept = {
      ...entry,
      request: { ...entry.request, request_headers: headers },
      protocol_version: 'HTTP2',
    }
    const { unmapped } = draftOf('envoy', { http_logs: { log_entry: [kept] } })
    expect(unmapped).toMatchObject({
      request_headers: { 'x-team': 'a' },
      protocol_version: 'HTTP2',
      response_flags: 'UAEX',
      secrets_left_out: 1,
    })
  })

  it('gives a decision for each entry that is final, and none for connections', () => {
    const as = (common: Record<string, unknown>) => ({
      ...entry,
      common_properties: { ...entry.common_properties, ...common },
    })
    const going = ['DownstreamStart', 'DownstreamPeriodic', 'UpstreamEnd'].map((type) =>
      as({ access_log_type: type }),
    )
    const entries = [
      entry,
      as({ intermediate_log_entry: true }),
      ...going,
      as({ access_log_type: 'DownstreamEnd' }),
    ]
    const read = reading('envoy', { http_logs: { log_entry: entries } })
    expect(read.kind === 'ok' ? read.value : read).toHaveLength(2)
    expect(whyNot('envoy', { tcp_logs: { log_entry: [{}] } })).toBe('drop no_decision')
  })
})
