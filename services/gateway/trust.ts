import type { TrustTier } from '../../schemas/bounds.ts'
import type { Device } from '../../schemas/device.ts'
import type { PolicyInputs } from '../policy/inputs.ts'
import { leastTier, tierLevel } from '../policy/tiers.ts'

/** How the request proved which device it comes from; null: it did not. */
export type DeviceProof = 'certificate' | 'cookie' | 'trusted_proxy'

export const NO_DEVICE: PolicyInputs['device'] = {
  id: '',
  known: false,
  managed: false,
  os: '',
  posture: 'unknown',
  tier: 'untrusted',
}

/**
 * The device as policy sees it: the inventory's tier, lowered by what is
 * known to be worse. A record that nobody refreshes sinks to `basic` (BeyondCorp:
 * silence downgrades), a device that is not compliant likewise, and a cookie,
 * which can be copied, is never worth `highly_privileged`.
 */
export function inferDevice(
  record: Device | null,
  proof: DeviceProof,
  now: number,
  stale_after_ms: number,
): PolicyInputs['device'] {
  if (record === null) return NO_DEVICE
  const caps: TrustTier[] = [record.tier]
  if (record.posture === 'not_compliant') caps.push('basic')
  if (now - Date.parse(record.updated_at) > stale_after_ms) caps.push('basic')
  if (proof === 'cookie') caps.push('privileged')
  const { id, managed, os, posture } = record
  return { id, known: true, managed, os, posture, tier: leastTier(caps) }
}

/** The lesser of device and session (BeyondCorp: a resource has a minimum tier, access needs both). */
export function inferTrust(device: TrustTier, session: TrustTier): PolicyInputs['trust'] {
  const tier = leastTier([device, session])
  return { tier, session_tier: session, level: tierLevel(tier) }
}
