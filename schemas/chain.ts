import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Later } from './later.ts'
import { asChained, laterOf, type Decision, type DecisionInput } from './decision.ts'

/** The hash before the first record of an enforcement point's first boot. */
export const GENESIS = '0'.repeat(64)

/**
 * The parts of a decision that tell who somebody is (`unmapped` too: what foreign
 * records carry there may name people), and `policy.inputs`. Erasing a person
 * removes these and the salt, nothing else.
 */
const PERSONAL = ['subject', 'device', 'context', 'unmapped'] as const

/**
 * `SHA-256(salt ‖ C(personal fields))`, C being the RFC 8785 canonical form. It
 * stays in the event after an erasure; without the salt it tells nothing.
 */
export function personalHash(decision: DecisionInput, salt: string): string {
  const personal: Record<string, unknown> = {}
  const event = asChained(decision)
  for (const field of PERSONAL) if (event[field] !== undefined) personal[field] = event[field]
  const inputs = event.policy?.inputs
  if (inputs !== undefined) personal['policy_inputs'] = inputs
  return sha256(salt + canonical(personal))
}

/**
 * `SHA-256(prev ‖ C(event without chain and personal fields) ‖ personal_hash)`.
 * What the log assigns later (offset, ingestion time) and what enrichment adds
 * is outside, so the hash can be worked out again from stored columns alone.
 */
export function chainHash(prev: string, decision: DecisionInput, personal_hash: string): string {
  return linkHash(prev, impersonalText(decision), personal_hash)
}

/** The RFC 8785 form of a decision without chain and personal fields: what its chain hash covers by itself. */
export function impersonalText(decision: DecisionInput): string {
  const event = asChained(decision)
  const rest: Record<string, unknown> = { ...event }
  for (const field of [...PERSONAL, 'chain'] as const) delete rest[field]
  if (event.policy?.inputs !== undefined) {
    const { inputs: _personal, ...policy } = event.policy
    rest['policy'] = policy
  }
  return canonical(rest)
}

/** The hash of a link from `impersonalText` and the commitment to the rest. */
export function linkHash(prev: string, impersonal: string, personal_hash: string): string {
  return sha256(prev + impersonal + personal_hash)
}

/** What stands where a person was erased: `subject` is required, so something must. */
const ERASED_SUBJECT_ID = 'erased'

/**
 * The decision without its person: personal fields and salt are gone, the
 * commitment stays, and the chain hash is what it was.
 */
export function erased(decision: Decision): Decision {
  const { device: _device, context: _context, unmapped: _unmapped, chain, policy, ...rest } = decision
  const { salt: _salt, ...link } = chain ?? {}
  const { inputs: _inputs, ...facts } = policy ?? {}
  const later = impersonal(laterOf(decision) ?? {})
  return {
    ...rest,
    ...(later.length > 0 && { unmapped: { later: Object.fromEntries(later) } }),
    ...(policy === undefined ? {} : { policy: facts }),
    ...(chain === undefined ? {} : { chain: { ...link, prev: chain.prev, hash: chain.hash } }),
    subject: { type: decision.subject.type, id: ERASED_SUBJECT_ID },
  }
}

/** Whether this is what `erased` leaves of a link. Anything personal beside a missing salt is no erasure but an alteration. */
export function isErased(decision: Decision): boolean {
  const { chain } = decision
  return (
    chain !== undefined && chain.salt === undefined && chain.personal_hash !== undefined && isBare(decision)
  )
}

/**
 * Whether the person of a decision is gone: so of a link, and of a decision that
 * was in no chain, which has no commitment to tell it by. The id `erased` is
 * therefore nobody's: a decision without a chain that says nothing else of whoever
 * it is about is taken for one whose person was erased.
 */
export function isNobodys(decision: Decision): boolean {
  return decision.chain === undefined ? isBare(decision) : isErased(decision)
}

function isBare({ subject, device, context, unmapped, policy }: Decision): boolean {
  return (
    subject.id === ERASED_SUBJECT_ID &&
    Object.keys(subject).length === 2 &&
    device === undefined &&
    context === undefined &&
    isImpersonal(unmapped) &&
    policy?.inputs === undefined
  )
}

/**
 * A later version's fields that name nobody, which the chain hash covers by
 * themselves. New personal ones lie within the objects that were personal before.
 */
function impersonal(later: Later): [pointer: string, value: unknown][] {
  return Object.entries(later).filter(
    ([pointer]) => !PERSONAL_POINTERS.some((place) => `${pointer}/`.startsWith(place)),
  )
}

const PERSONAL_POINTERS = [...PERSONAL.map((field) => `/${field}/`), '/policy/inputs/']

function isImpersonal(unmapped: Decision['unmapped']): boolean {
  if (unmapped === undefined) return true
  const later = laterOf({ unmapped }) ?? {}
  return (
    Object.keys(unmapped).length === 1 &&
    impersonal(later).length === Object.keys(later).length &&
    'later' in unmapped
  )
}

function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('value has no canonical JSON form')
  return text
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}
