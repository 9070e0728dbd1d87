import { z } from 'zod'
import type { RiskLevel } from '../../../schemas/bounds.ts'
import { entityKey, subjectEntityId } from '../../../schemas/entity.ts'
import type { Entity } from '../../../schemas/entity.ts'
import { RiskState } from '../../../schemas/risk.ts'
import type { PolicyInputs } from '../../policy/inputs.ts'
import { parseJson } from '../../runtime/log/json-record.ts'

/** Whom a request's risk is asked for. */
export interface RiskQuestion {
  readonly tenant: string
  readonly subject: { readonly type: string; readonly id: string }
  readonly session_id?: string | undefined
  readonly device_id?: string | undefined
  /** Network prefix in CIDR form. */
  readonly source?: string | undefined
  readonly authenticated_at_ms?: number | undefined
}

export interface RiskAnswer {
  readonly inputs: PolicyInputs['risk']
  /** Revision of the state that `inputs.score` comes from; 0 when there is none. */
  readonly revision: number
}

const ORDER: Readonly<Record<RiskLevel, number>> = { LOW: 0, MEDIUM: 1, HIGH: 2 }
const QUIET = { score: 0, level: 'LOW' as const, revision: 0, revoke: false, withheld: false, since: 0 }
type Judged = Omit<typeof QUIET, 'level'> & { readonly level: RiskLevel }

/**
 * What the ledger last said of a request's entities. Decoded when asked
 * (some 10 µs), not kept: the table already holds the bytes, and only the
 * entities that make requests are ever looked at.
 */
export function askRisk(
  get: (key: string) => Uint8Array | undefined,
  question: RiskQuestion,
  now: number,
  age_ms: number,
): RiskAnswer {
  const { tenant, subject, session_id, device_id, source } = question
  const about: Judged[] = []
  const look = (entity: Entity) => readState(get(entityKey(tenant, entity)))
  const known = (type: Entity['type'], id: string | undefined) => {
    const state = id === undefined ? null : look({ type, id })
    if (state) about.push(judge(state, question.authenticated_at_ms, now))
  }
  if (subject.type !== 'anonymous') known('subject', subjectEntityId(subject))
  known('session', session_id)
  known('device', device_id)
  const prefix = source === undefined ? null : look({ type: 'source', id: source })
  const place = prefix ? judge(prefix, undefined, now) : QUIET
  const worst = about.reduce<Judged>((a, b) => (isWorse(b, a) ? b : a), QUIET)
  const since = about.reduce((latest, state) => Math.max(latest, state.since), 0)
  return {
    revision: worst.revision,
    inputs: {
      score: worst.score,
      level: worst.level,
      age_ms,
      revoke: about.some((state) => state.revoke),
      withheld: worst.withheld,
      raised_age_s: since === 0 ? 0 : Math.max(0, (now - since) / 1000),
      source_score: place.score,
      source_level: place.level,
    },
  }
}

/** What the gateway reads of a risk state. Loose, so that a newer ledger's further fields never hide a restriction. */
const { entity, origin, revision, score, level, required_action } = RiskState.shape
const { updated_at, expires_at, restricted_since, revoked_before, withheld } = RiskState.shape
const KnownRisk = z.object({
  entity,
  origin,
  revision,
  score,
  level,
  required_action,
  updated_at,
  expires_at,
  restricted_since,
  revoked_before,
  withheld: withheld.catch(null),
})
export type KnownRisk = z.infer<typeof KnownRisk>

/** Undefined bytes say nothing. */
export function readState(value: Uint8Array | undefined): KnownRisk | null {
  if (value === undefined) return null
  const json = parseJson({ value })
  return json.kind === 'ok' ? (KnownRisk.safeParse(json.value).data ?? null) : null
}

/** Whether a state demands that what was signed in at `authenticated_at_ms` be cut off now. */
export function demandsRevoke(
  state: KnownRisk,
  authenticated_at_ms: number | undefined,
  now: number,
): boolean {
  if (state.required_action !== 'revoke' || isSpent(state, now)) return false
  // A new sign-in of the same person is a new session; a revoked device or session stays what it is.
  if (state.entity.type !== 'subject' || state.revoked_before === null) return true
  return authenticated_at_ms === undefined || authenticated_at_ms < Date.parse(state.revoked_before)
}

/** A restriction ends by itself: when the ledger is gone, nobody stays locked out for ever. */
function isSpent(state: KnownRisk, now: number): boolean {
  if (state.origin !== 'live' || state.withheld !== null) return true
  return state.expires_at !== null && Date.parse(state.expires_at) <= now
}

function judge(state: KnownRisk, authenticated_at_ms: number | undefined, now: number): Judged {
  const spent = state.expires_at !== null && Date.parse(state.expires_at) <= now
  return {
    score: state.score,
    level: spent ? 'LOW' : state.level,
    revision: state.revision,
    revoke: demandsRevoke(state, authenticated_at_ms, now),
    withheld: state.withheld !== null || state.origin !== 'live',
    since: state.level === 'LOW' || spent ? 0 : Date.parse(state.restricted_since ?? state.updated_at),
  }
}

/** What is acted on comes before what is only shown; then level, then score. */
function isWorse(a: Judged, b: Judged): boolean {
  if (a.withheld !== b.withheld) return ORDER[a.level] > 0 && !a.withheld ? true : ORDER[b.level] === 0
  return ORDER[a.level] - ORDER[b.level] > 0 || (a.level === b.level && a.score > b.score)
}
