import type { TrustTier } from '../../schemas/bounds.ts'

const TIERS: readonly TrustTier[] = ['untrusted', 'basic', 'privileged', 'highly_privileged']

/**
 * The session's own tier: nobody is `untrusted`; a sign-in that named no
 * context class is `basic`; one that did is `privileged`; the step-up class
 * (phishing-resistant) is `highly_privileged`.
 */
export function sessionTier(subjectType: string, acr: string, step_up_acr: string): TrustTier {
  if (subjectType === 'anonymous') return 'untrusted'
  if (acr === step_up_acr) return 'highly_privileged'
  return acr === '' || acr === '0' ? 'basic' : 'privileged'
}

/** The lowest of some tiers. */
export function leastTier(tiers: readonly TrustTier[]): TrustTier {
  return TIERS[Math.min(...tiers.map((tier) => TIERS.indexOf(tier)))] ?? 'untrusted'
}

export function tierLevel(tier: TrustTier): number {
  return TIERS.indexOf(tier)
}
