import type { EnrichedDecision } from '../../detector.ts'
import { instantMs } from '../instant.ts'

const FRESH_MS = 3_600_000
const STRONG = new Set(['hwk', 'fido', 'pop', 'swk'])

/** Proved within the hour with a key that can't be phished (RFC 8176 `amr`). */
export function provedWithKey(input: EnrichedDecision): boolean {
  const { amr, authenticated_at: since } = input.decision.subject
  if (amr === undefined || since === undefined) return false
  return input.at_ms - instantMs(since) <= FRESH_MS && amr.some((method) => STRONG.has(method))
}
