import { Device } from '../../schemas/device.ts'
import type { PolicyInputs } from '../policy/inputs.ts'
import { cookieOf } from '../runtime/http/authenticate.ts'
import { readRecord } from '../runtime/log/json-record.ts'
import type { Table } from '../runtime/log/event-log.ts'
import type { ProxiedRequest } from './judge.ts'
import { cookieName } from './identity/identify.ts'
import type { Sealer } from './identity/session-cookie.ts'
import { DEVICE_COOKIE } from './proxy/headers.ts'
import { inferDevice, NO_DEVICE } from './trust.ts'

/** Header in which a trusted proxy (a mesh sidecar, a VPN head) names the device that it has proved. */
const DEVICE_HEADER = 'x-gatewatch-device'
const DEVICE_ID = /^[A-Za-z0-9][A-Za-z0-9._:@+=,-]{0,127}$/

export interface DevicesOptions {
  readonly tenant: string
  readonly inventory: Table
  readonly cookies: Sealer
  readonly stale_after_ms: number
}

/**
 * Which device a request comes from, by the strongest proof that it shows: a
 * client certificate whose thumbprint is in the inventory (the key stays on the
 * device), the device cookie that enrolment gave (a secret that can be copied,
 * hence worth less), or the word of a trusted proxy. Nothing else counts; a
 * client that just names a device is not believed.
 */
export function deviceIdentifier({ tenant, inventory, cookies, stale_after_ms }: DevicesOptions) {
  const byThumbprint = new Map<string, string>()
  const thumbprintOf = new Map<string, string>()
  const read = (value: Uint8Array | undefined): Device | null => {
    return readRecord(Device, { value: value ?? null }) ?? null
  }
  const prefix = `${tenant}/`
  const index = (key: string, value: Uint8Array | undefined) => {
    if (!key.startsWith(prefix)) return
    const before = thumbprintOf.get(key)
    if (before !== undefined && byThumbprint.get(before) === key) byThumbprint.delete(before)
    thumbprintOf.delete(key)
    const thumbprint = read(value)?.key_thumbprint?.toLowerCase()
    if (thumbprint === undefined) return
    byThumbprint.set(thumbprint, key)
    thumbprintOf.set(key, thumbprint)
  }
  const unfollow = inventory.follow(index)
  for (const [key, value] of inventory.entries(prefix)) index(key, value)

  async function identifyDevice(request: ProxiedRequest, now: number): Promise<PolicyInputs['device']> {
    const { headers, facts, certificate } = request
    const key = certificate === null ? undefined : byThumbprint.get(certificate)
    if (key !== undefined) return inferDevice(read(inventory.get(key)), 'certificate', now, stale_after_ms)
    const named = headers[DEVICE_HEADER]
    if (facts.via_trusted_proxy && typeof named === 'string' && DEVICE_ID.test(named)) {
      return inferDevice(read(inventory.get(prefix + named)), 'trusted_proxy', now, stale_after_ms)
    }
    const cookie = cookieOf(headers.cookie, cookieName(DEVICE_COOKIE, facts.scheme))
    const id = cookie === undefined ? null : deviceOf(await cookies.open(cookie, now))
    if (id === null) return NO_DEVICE
    return inferDevice(read(inventory.get(prefix + id)), 'cookie', now, stale_after_ms)
  }
  return { identifyDevice, byId: (id: string) => read(inventory.get(prefix + id)), stop: unfollow }
}

function deviceOf(opened: unknown): string | null {
  if (typeof opened !== 'object' || opened === null || !('device_id' in opened)) return null
  return typeof opened.device_id === 'string' ? opened.device_id : null
}
