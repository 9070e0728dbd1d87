import type { Finding } from '../../../schemas/finding.ts'
import type { Cause } from '../../../schemas/reasons.ts'

/** However much a list says, no more: it must never be enough to act by itself. */
const MOST_SIGNAL_NATS = 2.5

/** What a finding that just is one weighs. */
const LEAST_FINDING_NATS = 4

/** The least threshold that is published; what is definite opens a finding with less, which makes its other causes none. */
const LEAST_THRESHOLD_NATS = 8

/**
 * A finding's evidence by cause, in nats. One that rests on several detectors
 * counts for each of their causes by its share, so that two causes are two. A
 * cause that would be a finding by itself weighs no less than such a finding:
 * told apart, or told together, two of them end a session.
 */
export function causesOf({
  cause,
  evidence_nats,
  evidence,
  contributions,
}: Finding): ReadonlyMap<Cause, number> {
  const total = contributions?.reduce((sum, { nats }) => sum + nats, 0) ?? 0
  if (contributions === undefined || total === 0) return new Map([[cause, evidence_nats]])
  const causes = new Map<Cause, number>()
  for (const part of contributions) {
    const own = part.cause ?? cause
    causes.set(own, (causes.get(own) ?? 0) + (evidence_nats * part.nats) / total)
  }
  const least = evidence['joint_nats_of_a_finding']
  if (typeof least === 'number')
    for (const [own, nats] of causes)
      if ((nats * total) / evidence_nats >= Math.max(least, LEAST_THRESHOLD_NATS))
        causes.set(own, Math.max(nats, LEAST_FINDING_NATS))
  const signal = causes.get('signal')
  if (signal !== undefined) causes.set('signal', Math.min(MOST_SIGNAL_NATS, signal))
  return causes
}
