import type { RiskLevel, Sensitivity, TrustTier } from '../../schemas/bounds.ts'

/**
 * What a condition may read. Every field is always there (empty text, empty
 * list or 0 where nothing is known), so that a condition never fails for want
 * of a fact. Ages are seconds before the decision.
 */
export interface PolicyInputs {
  readonly subject: {
    readonly type: 'user' | 'service' | 'device' | 'anonymous'
    readonly id: string
    readonly session_id: string
    readonly groups: readonly string[]
    readonly roles: readonly string[]
    readonly idp: string
    readonly acr: string
    readonly amr: readonly string[]
    /** Seconds since the person signed in; 1e9 when that is unknown. */
    readonly authentication_age_s: number
  }
  readonly device: {
    readonly id: string
    /** Whether the inventory knows the device and the request proved it. */
    readonly known: boolean
    readonly managed: boolean
    readonly os: string
    readonly posture: 'compliant' | 'not_compliant' | 'unknown'
    readonly tier: TrustTier
  }
  readonly action: { readonly name: string }
  readonly resource: {
    readonly type: string
    readonly id: string
    readonly app: string
    readonly path: string
    readonly path_template: string
    readonly sensitivity: Sensitivity
    /** What the template's variables stand for: `{id}` of `/records/{id}`. */
    readonly vars: Readonly<Record<string, string>>
  }
  readonly context: {
    readonly ip: string
    readonly host: string
    readonly method: string
    readonly user_agent: string
    readonly time: Date
  }
  /** The lesser of the device's and the session's tier; `level` is 0 to 3. */
  readonly trust: { readonly tier: TrustTier; readonly session_tier: TrustTier; readonly level: number }
  readonly risk: {
    /** The worst of subject, session and device, 0 to 100. */
    readonly score: number
    readonly level: RiskLevel
    /** Every decision older than this has been scored, and what followed from it is known here. */
    readonly age_ms: number
    /** The ledger demands that the subject, session or device be cut off. */
    readonly revoke: boolean
    /** The ledger saw risk and chose not to restrict (circuit breaker): only shown, not acted on. */
    readonly withheld: boolean
    /** Seconds since the restriction began; 0 when there is none. */
    readonly raised_age_s: number
    /** The network prefix that the request comes from. Shared by strangers, so only conditions act on it. */
    readonly source_score: number
    readonly source_level: RiskLevel
  }
}

/** Age of a sign-in that nobody knows the time of: older than any limit. */
export const UNKNOWN_AGE_S = 1e9
