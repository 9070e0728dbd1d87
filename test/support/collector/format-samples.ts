import type { FormatName } from '../../../services/collector/formats/format.ts'

export interface FormatSample {
  /** JSON values, one a line, or lines as they are. */
  readonly records: readonly (string | Readonly<Record<string, unknown>>)[]
  /** Who was told what, in order of time. */
  readonly decisions: readonly (readonly [outcome: string, subject: string])[]
  /** Records of each format that are no decisions, and those that are malformed. */
  readonly skipped: number
  readonly dead_letters: number
}

/** A small file of each foreign format: permits and refusals, what decides nothing, and what is broken. */
export const FORMAT_SAMPLES: Readonly<
  Record<Exclude<FormatName, 'sshd' | 'entra' | 'cloudtrail' | 'decisions'>, FormatSample>
> = {
  envoy: {
    records: [
      {
        start_time: '2026-03-01T08:00:00.310Z',
        method: 'GET',
        path: '/records/17?token=x',
        response_code: 200,
        response_code_details: 'via_upstream',
        response_flags: '-',
        authority: 'records.example',
        downstream_remote_address: '192.0.2.7:41000',
        user: 'alice',
      },
      {
        start_time: '2026-03-01T08:00:01.310Z',
        method: 'DELETE',
        path: '/records/17',
        response_code: 403,
        response_code_details: 'rbac_access_denied_matched_policy[deny-all]',
        authority: 'records.example',
        downstream_remote_address: '198.51.100.9:41000',
        user: 'mallory',
      },
      {
        start_time: '2026-03-01T08:00:02.310Z',
        method: 'GET',
        path: '/',
        response_code: 302,
        response_code_details: 'ext_authz_denied',
        authority: 'records.example',
        downstream_remote_address: '192.0.2.8:41000',
      },
      {
        start_time: '2026-03-01T08:00:03.310Z',
        method: 'GET',
        path: '/',
        response_code: 0,
        response_code_details: 'downstream_remote_disconnect',
        authority: 'records.example',
      },
      '{"start_time": "2026-03-01T08:00:04',
    ],
    decisions: [
      ['permit', 'alice'],
      ['deny', 'mallory'],
      ['step_up', 'anonymous'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  nginx: {
    records: [
      '192.0.2.7 - alice [01/Mar/2026:09:00:00 +0100] "GET /records/17?token=x HTTP/1.1" 200 612 "-" "Mozilla/5.0"',
      '198.51.100.9 - mallory [01/Mar/2026:09:00:01 +0100] "GET /admin HTTP/1.1" 401 179 "-" "curl/8.5"',
      '{"time_iso8601":"2026-03-01T08:00:02+00:00","remote_addr":"192.0.2.8","status":"403","request_method":"GET","request_uri":"/admin","host":"www.example","remote_user":"bob"}',
      String.raw`203.0.113.5 - - [01/Mar/2026:09:00:03 +0100] "\x16\x03\x01" 400 150 "-" "-"`,
      'a line of another log',
    ],
    decisions: [
      ['permit', 'alice'],
      ['deny', 'mallory'],
      ['deny', 'bob'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  pomerium: {
    records: [
      pomerium('2026-03-01T08:00:00Z', {
        allow: true,
        'allow-why-true': ['email-ok'],
        email: 'Alice@example.org',
      }),
      pomerium('2026-03-01T08:00:01Z', {
        allow: false,
        'allow-why-false': ['email-unauthorized'],
        email: 'mallory@example.org',
      }),
      pomerium('2026-03-01T08:00:02Z', { allow: false, 'allow-why-false': ['user-unauthenticated'] }),
      { level: 'info', service: 'envoy', message: 'http-request', time: '2026-03-01T08:00:03Z' },
      'no JSON at all',
    ],
    decisions: [
      ['permit', 'alice@example.org'],
      ['deny', 'mallory@example.org'],
      ['step_up', 'anonymous'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  okta: {
    records: [
      okta('1', '2026-03-01T08:00:00.000Z', 'user.session.start', 'SUCCESS', null),
      okta('2', '2026-03-01T08:00:01.000Z', 'user.session.start', 'FAILURE', 'INVALID_CREDENTIALS'),
      okta('3', '2026-03-01T08:00:02.000Z', 'policy.evaluate_sign_on', 'CHALLENGE', 'needs a factor'),
      okta('4', '2026-03-01T08:00:03.000Z', 'user.session.end', 'SUCCESS', null),
      { uuid: '5', eventType: 'user.session.start', published: 'yesterday' },
    ],
    decisions: [
      ['permit', 'alice@example.org'],
      ['deny', 'alice@example.org'],
      ['step_up', 'alice@example.org'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  teleport: {
    records: [
      teleport('1', '2026-03-01T08:00:00Z', 'user.login', 'T1000I', { success: true, method: 'local' }),
      teleport('2', '2026-03-01T08:00:01Z', 'user.login', 'T1000W', {
        success: false,
        error: 'invalid password',
      }),
      teleport('3', '2026-03-01T08:00:02Z', 'mfa_auth_challenge.create', 'T1015I', {}),
      teleport('4', '2026-03-01T08:00:03Z', 'session.end', 'T2004I', {}),
      { event: 'user.login', code: 'T1000I', uid: '5', user: 'alice' },
    ],
    decisions: [
      ['permit', 'alice'],
      ['deny', 'alice'],
      ['step_up', 'alice'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  google: {
    records: [
      google('1', '2026-03-01T08:00:00.000Z', 'login_success', [
        { name: 'login_type', value: 'google_password' },
      ]),
      google('2', '2026-03-01T08:00:01.000Z', 'login_failure', [
        { name: 'login_failure_type', value: 'login_failure_invalid_password' },
      ]),
      google('3', '2026-03-01T08:00:02.000Z', 'login_challenge', []),
      {
        insertId: 'a1',
        logName: 'projects/example/logs/cloudaudit.googleapis.com%2Fdata_access',
        timestamp: '2026-03-01T08:00:03.000Z',
        protoPayload: {
          serviceName: 'iap.googleapis.com',
          methodName: 'AuthorizeUser',
          authenticationInfo: { principalEmail: 'mallory@example.org' },
          authorizationInfo: [
            {
              resource: 'projects/1/iap_web/compute/services/2',
              permission: 'iap.webServiceVersions.accessViaIAP',
              granted: false,
            },
          ],
          requestMetadata: {
            callerIp: '198.51.100.9',
            requestAttributes: { host: 'app.example', path: '/admin' },
          },
          status: { code: 7, message: 'Permission Denied' },
        },
      },
      google('4', '2026-03-01T08:00:04.000Z', 'logout', []),
      { kind: 'admin#reports#usageReport' },
    ],
    decisions: [
      ['permit', 'alice@example.org'],
      ['deny', 'alice@example.org'],
      ['step_up', 'alice@example.org'],
      ['deny', 'mallory@example.org'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  cloudflare: {
    records: [
      {
        Action: 'login',
        Allowed: true,
        AppDomain: 'wiki.example/team',
        AppUUID: 'app-1',
        Connection: 'onetimepin',
        CreatedAt: 1_772_352_000_000_000_000,
        Email: 'Alice@example.org',
        IPAddress: '192.0.2.7',
        RayID: '00c0ffee00000001',
      },
      {
        action: 'login',
        allowed: false,
        app_domain: 'wiki.example/team',
        app_uid: 'app-1',
        connection: 'saml',
        created_at: '2026-03-01T08:00:01Z',
        user_email: 'mallory@example.org',
        ip_address: '198.51.100.9',
        ray_id: '00c0ffee00000002',
      },
      { Action: 'logout', Allowed: true, CreatedAt: '2026-03-01T08:00:02Z', Email: 'alice@example.org' },
      { ClientIP: '192.0.2.7', EdgeResponseStatus: 200 },
    ],
    decisions: [
      ['permit', 'alice@example.org'],
      ['deny', 'mallory@example.org'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  opa: {
    records: [
      opa('1', '2026-03-01T08:00:00.000000Z', {
        result: true,
        input: { user: 'alice', method: 'GET', path: ['records', '17'] },
      }),
      opa('2', '2026-03-01T08:00:01.000000Z', {
        result: { allow: false },
        input: { user: 'mallory', method: 'GET', path: '/admin' },
      }),
      opa('3', '2026-03-01T08:00:02.000000Z', { input: { user: 'bob' } }),
      opa('4', '2026-03-01T08:00:03.000000Z', {
        result: ['a', 'b'],
        path: 'http/example/roles',
        input: { user: 'bob' },
      }),
      { timestamp: '2026-03-01T08:00:04Z', path: 'http/example/allow', result: true },
    ],
    decisions: [
      ['permit', 'alice'],
      ['deny', 'mallory'],
      ['deny', 'bob'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  ocsf: {
    records: [
      ocsf('1', 0, { action_id: 1, disposition_id: 1, status_id: 1 }),
      ocsf('2', 1000, { action_id: 2, disposition_id: 26, status_id: 2 }),
      ocsf('3', 2000, { action_id: 2, disposition_id: 99, disposition: 'Step-Up Required', status_id: 2 }),
      { class_uid: 2004, metadata: { uid: '4', version: '1.8.0' }, time: 1_772_352_003_000 },
      { metadata: { uid: '5', version: '1.8.0' }, time: 1_772_352_004_000 },
    ],
    decisions: [
      ['permit', 'alice'],
      ['deny', 'alice'],
      ['step_up', 'alice'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
  cef: {
    records: [
      'CEF:0|Example|Gate|1.0|100|Login|3|rt=1772352000000 src=192.0.2.7 suser=alice act=allowed',
      '<134>Mar  1 08:00:01 gate CEF:0|Example|Gate|1.0|101|Login|7|src=198.51.100.9 suser=mallory act=blocked reason=wrong password',
      'CEF:0|Example|Gate|1.0|102|Login|5|rt=Mar 01 2026 08:00:02 UTC suser=bob act=challenged',
      'CEF:0|Example|Gate|1.0|200|Backup done|1|rt=1772352003000 suser=root',
      'CEF:0|Example|Gate|not enough fields',
    ],
    decisions: [
      ['permit', 'alice'],
      ['deny', 'mallory'],
      ['step_up', 'bob'],
    ],
    skipped: 1,
    dead_letters: 1,
  },
}

function pomerium(
  time: string,
  result: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    level: 'info',
    service: 'authorize',
    'request-id': 'r-1',
    method: 'GET',
    path: '/records/17',
    host: 'records.example',
    ip: '192.0.2.7',
    'session-id': 's-1',
    deny: false,
    time,
    message: 'authorize check',
    ...result,
  }
}

function okta(
  uuid: string,
  published: string,
  eventType: string,
  result: string,
  reason: string | null,
): Readonly<Record<string, unknown>> {
  return {
    uuid,
    published,
    eventType,
    outcome: { result, reason },
    actor: { id: '00u1', type: 'User', alternateId: 'Alice@example.org', displayName: 'alice' },
    client: { ipAddress: '192.0.2.7', userAgent: { rawUserAgent: 'Mozilla/5.0' } },
    authenticationContext: { externalSessionId: 'unknown' },
    target: null,
  }
}

function teleport(
  uid: string,
  time: string,
  event: string,
  code: string,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    uid,
    time,
    event,
    code,
    user: 'alice',
    cluster_name: 'example',
    'addr.remote': '192.0.2.7:51454',
    ...more,
  }
}

function google(
  uniqueQualifier: string,
  time: string,
  name: string,
  parameters: readonly unknown[],
): Readonly<Record<string, unknown>> {
  return {
    kind: 'admin#reports#activity',
    id: { time, uniqueQualifier, applicationName: 'login', customerId: 'C1' },
    actor: { callerType: 'USER', email: 'Alice@example.org', profileId: '1' },
    ipAddress: '192.0.2.7',
    events: [{ type: 'login', name, parameters }],
  }
}

function opa(
  decision_id: string,
  timestamp: string,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    labels: { app: 'records', id: 'o-1', version: '1.4.2' },
    decision_id,
    timestamp,
    path: 'http/example/allow',
    bundles: { authz: { revision: 'r7' } },
    requested_by: '192.0.2.1:59943',
    metrics: { timer_server_handler_ns: 120_000 },
    ...more,
  }
}

function ocsf(
  uid: string,
  afterMs: number,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    metadata: { uid, version: '1.8.0', product: { name: 'Gate', vendor_name: 'Example' } },
    category_uid: 6,
    class_uid: 6003,
    activity_id: 2,
    type_uid: 600_302,
    severity_id: 1,
    time: 1_772_352_000_000 + afterMs,
    actor: { user: { uid: 'alice', type_id: 1 } },
    api: { operation: 'GET /records/{id}', service: { name: 'records' } },
    src_endpoint: { ip: '192.0.2.7', port: 41_000 },
    resources: [{ uid: '/records/17', type: 'http' }],
    ...more,
  }
}

/** The sample as a file. */
export function sampleFile({ records }: FormatSample): string {
  return `${records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join('\n')}\n`
}
