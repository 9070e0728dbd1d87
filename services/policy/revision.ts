import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Policy } from '../../schemas/policy.ts'

/** SHA-256 of the policy's RFC 8785 canonical form, defaults filled in: equal meaning, equal revision. */
export function policyRevision(policy: Policy): string {
  return createHash('sha256')
    .update(canonicalize(policy) ?? '')
    .digest('hex')
}
