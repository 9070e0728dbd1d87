import type { Reason } from '../../../schemas/reasons.ts'

/** Who a request is made by, as proved. */
export interface Identity {
  readonly type: 'user' | 'service' | 'device' | 'anonymous'
  readonly id: string
  readonly session_id?: string
  readonly groups: readonly string[]
  readonly roles: readonly string[]
  readonly idp?: string
  readonly acr?: string
  readonly amr: readonly string[]
  readonly authenticated_at_ms?: number
  /** Why a credential that was shown does not count; the subject is anonymous then. */
  readonly rejected?: Reason
}

export const ANONYMOUS: Identity = { type: 'anonymous', id: 'anonymous', groups: [], roles: [], amr: [] }

export function rejected(reason: Reason): Identity {
  return { ...ANONYMOUS, rejected: reason }
}
