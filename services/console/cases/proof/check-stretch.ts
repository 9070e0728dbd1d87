import { z } from 'zod'
import { impersonalText, isErased, linkHash, personalHash } from '../../../../schemas/chain.ts'
import type { CaseDecision, ProofStretch } from '../../../../schemas/case-file.ts'
import type { Decision } from '../../../../schemas/decision.ts'
import { pinsOf } from './pins.ts'

/** What is wrong in a stretch of a proof. */
export interface StretchProblem {
  /** The decision that was altered; null: something else of the stretch was. */
  readonly decision_id: string | null
  readonly what: string
}

export interface StretchCheck {
  /** Decisions of the case that the stretch bears out, whoever signed it. */
  readonly proven: readonly string[]
  readonly problems: readonly StretchProblem[]
}

interface Step {
  /** Where the walk goes on; of an altered link what the file says its hash is, if it says. */
  readonly hash: string
  /** What was altered; null: nothing here. */
  readonly problem: StretchProblem | null
  /** The decision itself is what its hash says. */
  readonly sound: string | null
  /** The hash before it follows from its own: what comes before is as good as what comes after. */
  readonly linked: boolean
}

/** Works the hashes of a stretch out again and holds them against the one that its checkpoint signs. */
export function checkStretch(
  stretch: ProofStretch,
  decisions: ReadonlyMap<string, CaseDecision>,
): StretchCheck {
  const { links, seq_from, seq_to, prev_hash } = stretch
  const where = `${stretch.pep_id}, boot ${stretch.boot_id}, ${seq_from} to ${seq_to}`
  if (links.length !== seq_to - seq_from + 1) return refused(`${where}: it has not one link a number`)
  const end = pinsOf(stretch.checkpoint).find(
    (pin) => pin.signed === stretch.signed && pin.boot_id === stretch.boot_id && pin.seq === seq_to,
  )
  if (end === undefined || end.pep_id !== stretch.pep_id)
    return refused(`${where}: its checkpoint signs another place`)
  const problems: StretchProblem[] = []
  let proven: string[] = []
  let hash = prev_hash
  for (const [n, link] of links.entries()) {
    const at = { hash, seq: seq_from + n, stretch }
    const step =
      'rest' in link
        ? stepOverOther(at, link)
        : stepOver(at, link.decision_id, decisions.get(link.decision_id))
    if (step.problem !== null) problems.push(step.problem)
    if (!step.linked) proven = []
    if (step.sound !== null) proven.push(step.sound)
    hash = step.hash
  }
  // From what the file says of an altered link on, all fits the signed hash: so it is that link which was altered.
  if (hash === end.hash) return { proven, problems }
  const what = `${where}: its links do not give the hash that the checkpoint signs`
  return { proven: [], problems: [...problems, { decision_id: null, what }] }
}

interface At {
  readonly hash: string
  readonly seq: number
  readonly stretch: ProofStretch
}

function stepOver(
  { hash: before, seq, stretch }: At,
  decision_id: string,
  one: CaseDecision | undefined,
): Step {
  const altered = (what: string, hash: string, linked = false): Step => {
    return { hash, problem: { decision_id, what }, sound: null, linked }
  }
  if (one === undefined || one.link === null)
    return altered('a proof names it, and the file lacks it', before)
  const { link, decision } = one
  const { pep } = decision
  const rest = impersonalText(decision)
  const kept = link.personal_hash ?? ''
  const personal = link.salt === undefined ? kept : personalHash(decision, link.salt)
  const own = linkHash(before, rest, personal)
  const go = link.hash ?? own
  if (pep?.id !== stretch.pep_id || pep.boot_id !== stretch.boot_id || pep.seq !== seq || link.seq !== seq)
    return altered('it stands at another place of its chain than the proof says', go)
  if (personal !== kept)
    return linkHash(before, rest, kept) === go
      ? altered('its personal fields (subject, device, context) are not what was recorded', go, true)
      : altered(ALTERED, go)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a decision and its link are what a chained decision is
  const whole = { ...decision, chain: { ...link, prev: before, hash: go } } as Decision
  if (link.salt === undefined && !isErased(whole))
    return altered('it has no salt, and yet more of a person than an erasure leaves', go)
  if (own === go) return { hash: go, problem: null, sound: decision_id, linked: true }
  if (link.prev === null || linkHash(link.prev, rest, personal) !== go) return altered(ALTERED, go)
  const what = `${stretch.pep_id}, boot ${stretch.boot_id}: something before number ${seq} is not what was recorded`
  return { hash: go, problem: { decision_id: null, what }, sound: decision_id, linked: false }
}

const ALTERED = 'it is not what was recorded: its fields do not give its hash'

const OtherPlace = z.looseObject({
  pep: z.looseObject({ id: z.string(), boot_id: z.string(), seq: z.number() }),
})

function stepOverOther(
  { hash: before, seq, stretch: { pep_id, boot_id } }: At,
  { rest, personal_hash }: { rest: string; personal_hash: string },
): Step {
  const hash = linkHash(before, rest, personal_hash)
  const pep = placeIn(rest)
  if (pep?.id === pep_id && pep.boot_id === boot_id && pep.seq === seq)
    return { hash, problem: null, sound: null, linked: true }
  const what = `${pep_id}, boot ${boot_id}: what stands at number ${seq} is another link`
  return { hash, problem: { decision_id: null, what }, sound: null, linked: true }
}

function placeIn(rest: string): z.infer<typeof OtherPlace>['pep'] | null {
  try {
    return OtherPlace.safeParse(JSON.parse(rest)).data?.pep ?? null
  } catch {
    return null
  }
}

function refused(what: string): StretchCheck {
  return { proven: [], problems: [{ decision_id: null, what }] }
}
