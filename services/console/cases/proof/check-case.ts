import type { CaseFile, ProofStretch } from '../../../../schemas/case-file.ts'
import { brokenParts } from '../../../../schemas/case-seal.ts'
import { isEndorsed, isSigned, keyIdOf } from '../../../../schemas/checkpoint.ts'
import { erasedIn } from '../erased-in.ts'
import { checkStretch, type StretchProblem } from './check-stretch.ts'

export interface CaseCheck {
  /** `undecided`: nothing is wrong, and yet not all of it could be shown; `notes` says what. */
  readonly verdict: 'proven' | 'refuted' | 'undecided'
  readonly decisions: number
  /** Decisions that a trusted key bears out. */
  readonly proven: number
  /** Decisions of persons who were erased since: their commitment proves them. */
  readonly erased: number
  readonly problems: readonly StretchProblem[]
  readonly notes: readonly string[]
}

/**
 * Checks a case file with nothing but itself and public keys: that each decision
 * with a proof is what was recorded, and that the rest is what was sealed.
 */
export function checkCase(file: CaseFile, trusted: ReadonlySet<string>): CaseCheck {
  const decisions = new Map(file.decisions.rows.map((one) => [one.decision.id, one]))
  const problems: StretchProblem[] = []
  const notes: string[] = []
  const proven = new Set<string>()
  const unknown = new Set<string>()
  for (const stretch of file.proof.stretches) {
    const trust = trustIn(stretch, trusted)
    if (trust === 'forged') {
      problems.push({
        decision_id: null,
        what: `${placeOf(stretch)}: its checkpoint does not bear the signature of its key`,
      })
      continue
    }
    const check = checkStretch(stretch, decisions)
    problems.push(...check.problems)
    if (trust === 'unknown_key') unknown.add(stretch.checkpoint.public_key)
    else for (const id of check.proven) proven.add(id)
  }
  if (decisions.size < file.decisions.rows.length)
    problems.push({ decision_id: null, what: 'one decision is in the file twice' })
  for (const key of unknown)
    notes.push(`checkpoints are signed with key ${keyIdOf(key)}, which none of the given keys vouches for`)
  const altered = brokenParts(file)
  if (altered === null)
    problems.push({ decision_id: null, what: 'the seal does not bear the signature of its key' })
  else
    for (const part of altered)
      problems.push({ decision_id: null, what: `${part}: not what was sealed when the file was made` })
  if (!trusted.has(file.seal.public_key))
    notes.push(`the seal is signed with key ${sealKeyOf(file)}, which is none of the given keys`)
  notes.push(...withoutProof(file))
  const verdict = problems.length > 0 ? 'refuted' : notes.length > 0 ? 'undecided' : 'proven'
  return { verdict, decisions: decisions.size, proven: proven.size, erased: erasedIn(file), problems, notes }
}

type TrustInStretch = 'yes' | 'forged' | 'unknown_key'

function trustIn({ checkpoint }: ProofStretch, trusted: ReadonlySet<string>): TrustInStretch {
  if (!isSigned(checkpoint)) return 'forged'
  let of = checkpoint.public_key
  if (trusted.has(of)) return 'yes'
  for (const endorsement of checkpoint.endorsements) {
    if (endorsement.of !== of || !isEndorsed(endorsement)) return 'unknown_key'
    if (trusted.has(endorsement.by)) return 'yes'
    of = endorsement.by
  }
  return 'unknown_key'
}

/** Decisions that the file itself says it can't prove, by why. */
function withoutProof(file: CaseFile): string[] {
  const counts = new Map<string, number>()
  const named = new Set(
    file.proof.stretches.flatMap(({ links }) =>
      links.flatMap((link) => ('rest' in link ? [] : [link.decision_id])),
    ),
  )
  for (const { decision, unproven } of file.decisions.rows) {
    if (named.has(decision.id)) continue
    const why = unproven ?? 'the file says that it is proven, and holds no proof of it'
    counts.set(why, (counts.get(why) ?? 0) + 1)
  }
  return [...counts].map(
    ([why, n]) => `${n === 1 ? '1 decision is' : `${n} decisions are`} not proven: ${why}`,
  )
}

function sealKeyOf({ seal }: CaseFile): string {
  return /^[A-Za-z0-9_-]{43}$/.test(seal.public_key) ? keyIdOf(seal.public_key) : 'unreadable'
}

function placeOf({ pep_id, boot_id, seq_from, seq_to }: ProofStretch): string {
  return `${pep_id}, boot ${boot_id}, ${seq_from} to ${seq_to}`
}
