import type { Cause } from '../../../schemas/reasons.ts'
import type { CauseEvidence, Contribution } from '../../../schemas/risk.ts'
import type { LedgerParameters } from './parameters.ts'

/** The most contributions kept for a cause; the weakest goes first, and under the cap it no longer shows. */
const MAX_CONTRIBUTIONS = 20

/** What an analyst's verdict adds: log-odds 6, a score of 99.8. */
export const VERDICT_NATS = 10

/** `nats × 2^(-elapsed / half-life)`; evidence from the future does not grow. */
function decayed({ nats, at }: Contribution, nowMs: number, halfLifeMs: number): number {
  return nats * 2 ** (-Math.max(0, nowMs - Date.parse(at)) / halfLifeMs)
}

/**
 * The evidence of one cause: `max + dampening × rest`, before the cap. The
 * second finding of a detector says little that the first did not. What others
 * say (`signal`) is said once: a list that holds an address says the same at
 * every request, and must not become proof by being asked often.
 */
function dampened(cause: CauseEvidence, nowMs: number, halfLifeMs: number, dampening: number): number {
  let max = 0
  let sum = 0
  for (const contribution of contributionsOf(cause)) {
    const nats = decayed(contribution, nowMs, halfLifeMs)
    if (nats > max) max = nats
    sum += nats
  }
  return cause.cause === 'signal' ? max : max + dampening * (sum - max)
}

/** The same causes with their nats worked out for `nowMs`. */
export function weighed(
  causes: readonly CauseEvidence[],
  nowMs: number,
  halfLifeMs: number,
  parameters: LedgerParameters,
): CauseEvidence[] {
  const at = new Date(nowMs).toISOString()
  return causes.map((cause) => {
    const contributions = contributionsOf(cause)
    const nats = dampened(cause, nowMs, halfLifeMs, parameters.dampening)
    const cap = cause.cause === 'verdict' ? VERDICT_NATS : parameters.cause_cap_nats
    return {
      cause: cause.cause,
      nats: round(Math.min(nats, cap)),
      at,
      finding_ids: contributions.map((c) => c.finding_id),
      contributions: [...contributions],
    }
  })
}

/** 100 × sigmoid(prior + evidence), rounded to a tenth. */
export function scoreOf(causes: readonly CauseEvidence[], priorNats: number): number {
  let logOdds = priorNats
  for (const cause of causes) logOdds += cause.nats
  return Math.round(1000 / (1 + Math.exp(-logOdds))) / 10
}

/**
 * Adds one finding's contribution, or lets its newer revision take the place
 * of the older one. Returns the same array when there is nothing new: a
 * repeated record changes nothing.
 */
export function withContribution(
  causes: readonly CauseEvidence[],
  cause: Cause,
  contribution: Contribution,
  nowMs: number,
  halfLifeMs: number,
): readonly CauseEvidence[] {
  const before = causes.find((c) => c.cause === cause)
  const contributions = before ? contributionsOf(before) : []
  const known = contributions.find((c) => c.finding_id === contribution.finding_id)
  if (known && known.at >= contribution.at && known.nats >= contribution.nats) return causes
  const kept = contributions.filter((c) => c !== known)
  kept.push(contribution)
  if (kept.length > MAX_CONTRIBUTIONS) {
    kept.sort((a, b) => decayed(b, nowMs, halfLifeMs) - decayed(a, nowMs, halfLifeMs))
    kept.length = MAX_CONTRIBUTIONS
  }
  const changed = { cause, nats: 0, at: contribution.at, finding_ids: [], contributions: kept }
  return before ? causes.map((c) => (c === before ? changed : c)) : [...causes, changed]
}

/** Without the given findings' contributions. */
export function without(causes: readonly CauseEvidence[], findingIds: ReadonlySet<string>): CauseEvidence[] {
  return causes
    .map((cause) => ({
      ...cause,
      contributions: contributionsOf(cause).filter((c) => !findingIds.has(c.finding_id)),
    }))
    .filter((cause) => cause.contributions.length > 0)
}

/** Scales all evidence down so that it adds up to at most `nats` at `nowMs`. */
export function reducedTo(
  nats: number,
  causes: readonly CauseEvidence[],
  nowMs: number,
  halfLifeMs: number,
  dampening: number,
): CauseEvidence[] {
  let total = 0
  for (const cause of causes) total += dampened(cause, nowMs, halfLifeMs, dampening)
  const factor = total > nats ? nats / total : 1
  return causes.map((cause) => ({
    ...cause,
    contributions: contributionsOf(cause).map((c) => ({ ...c, nats: round(c.nats * factor) })),
  }))
}

/** Event time of the newest contribution, ms; 0 without any. */
export function newestMs(causes: readonly CauseEvidence[]): number {
  let newest = 0
  for (const cause of causes)
    for (const { at } of contributionsOf(cause)) newest = Math.max(newest, Date.parse(at))
  return newest
}

export function contributionsOf(cause: CauseEvidence): readonly Contribution[] {
  return (
    cause.contributions ??
    cause.finding_ids.slice(0, 1).map((id) => ({ finding_id: id, nats: cause.nats, at: cause.at }))
  )
}

/** To a thousandth, downwards, so that rounding never adds evidence. */
function round(nats: number): number {
  return Math.floor(nats * 1000) / 1000
}
