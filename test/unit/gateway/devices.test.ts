import { expect, it } from 'vitest'
import type { Device } from '../../../schemas/device.ts'
import { deviceIdentifier } from '../../../services/gateway/devices.ts'
import { sealer } from '../../../services/gateway/identity/session-cookie.ts'
import type { RequestFacts } from '../../../services/gateway/proxy/request-facts.ts'
import type { Table } from '../../../services/runtime/log/event-log.ts'

const NOW = Date.parse('2026-01-31T10:00:00.000Z')
const facts: RequestFacts = {
  ip: '192.0.2.1',
  via_trusted_proxy: false,
  scheme: 'http',
  host: 'h',
  authority: 'h',
  method: 'GET',
  target: '/',
  path: null,
  user_agent: '',
}

/** The contract of a table over a plain map. */
function tableOf(rows: Map<string, Uint8Array>) {
  const followers = new Set<(key: string, value: Uint8Array | undefined) => void>()
  const table: Table = {
    get: (key) => rows.get(key),
    entries: () => rows.entries(),
    follow(changed) {
      followers.add(changed)
      return () => followers.delete(changed)
    },
    caughtUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const put = (device: Device) => {
    const value = new TextEncoder().encode(JSON.stringify(device))
    rows.set(`default/${device.id}`, value)
    for (const changed of followers) changed(`default/${device.id}`, value)
  }
  return { table, put }
}

function device(id: string, key_thumbprint: string | null): Device {
  return {
    schema_version: 1,
    tenant: 'default',
    id,
    managed: true,
    os: 'linux',
    posture: 'compliant',
    tier: 'highly_privileged',
    owner: null,
    key_thumbprint,
    updated_at: '2026-01-31T09:00:00.000Z',
  }
}

it('knows a device by its certificate, and follows the inventory when the key changes hands', async () => {
  const { table, put } = tableOf(new Map())
  const { identifyDevice } = deviceIdentifier({
    tenant: 'default',
    inventory: table,
    cookies: sealer('a'.repeat(43), 'gatewatch-device'),
    stale_after_ms: 86_400_000,
  })
  const by = async (certificate: string | null) =>
    (await identifyDevice({ headers: {}, facts, certificate }, NOW)).id
  put(device('old', 'AA'))
  expect(await by('aa')).toBe('old')
  put(device('old', 'bb'))
  expect([await by('aa'), await by('bb')]).toEqual(['', 'old'])
  put(device('new', 'bb'))
  put(device('old', null))
  expect([await by('bb'), await by(null), await by('cc')]).toEqual(['new', '', ''])
  expect((await identifyDevice({ headers: {}, facts, certificate: 'bb' }, NOW)).tier).toBe(
    'highly_privileged',
  )
})
