import { describe, expect, it } from 'vitest'
import type { Device } from '../../../schemas/device.ts'
import { inferDevice, inferTrust } from '../../../services/gateway/trust.ts'

const NOW = Date.parse('2026-01-31T10:00:00.000Z')
const DAY = 86_400_000

function device(over: Partial<Device> = {}): Device {
  return {
    schema_version: 1,
    tenant: 'default',
    id: 'd-1',
    managed: true,
    os: 'linux',
    posture: 'compliant',
    tier: 'highly_privileged',
    owner: null,
    key_thumbprint: null,
    updated_at: '2026-01-31T09:00:00.000Z',
    ...over,
  }
}

describe('trust', () => {
  it.each([
    ['a certificate', device(), 'certificate', 'highly_privileged'],
    ['a cookie, which can be copied', device(), 'cookie', 'privileged'],
    ['a device that is not compliant', device({ posture: 'not_compliant' }), 'certificate', 'basic'],
    [
      'a record that nobody refreshed',
      device({ updated_at: '2026-01-01T00:00:00.000Z' }),
      'certificate',
      'basic',
    ],
    ['an untrusted device, refreshed', device({ tier: 'untrusted' }), 'certificate', 'untrusted'],
    ['a device that nobody knows', null, 'certificate', 'untrusted'],
  ] as const)('%s', (_name, record, proof, tier) => {
    expect(inferDevice(record, proof, NOW, 7 * DAY).tier).toBe(tier)
  })

  it('is the lesser of device and session', () => {
    expect(inferTrust('privileged', 'basic')).toEqual({ tier: 'basic', session_tier: 'basic', level: 1 })
    expect(inferTrust('untrusted', 'highly_privileged')).toMatchObject({ tier: 'untrusted', level: 0 })
  })
})
