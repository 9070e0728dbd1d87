import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'

/** What a panel is asked about. */
export interface Asked {
  /** Of the tenant and the chosen applications, each once, whenever it was made. */
  readonly decisions: readonly ScoredDecision[]
  /** Of every tenant, likewise. */
  readonly ofAll: readonly ScoredDecision[]
  readonly from: number
  readonly to: number
  readonly interval_s: number
  readonly subject: string
  readonly source: string
  readonly session: string
}
export type Row = Readonly<Record<string, unknown>>
/** What each panel should answer, by its name. */
export type ByHand = Readonly<Record<string, (asked: Asked) => readonly Row[]>>

export const atOf = ({ decision }: ScoredDecision) => Date.parse(decision.decided_at)
export const first = (rows: readonly ScoredDecision[]) => new Date(Math.min(...rows.map(atOf)))
export const last = (rows: readonly ScoredDecision[]) => new Date(Math.max(...rows.map(atOf)))
export const byTime = (rows: readonly ScoredDecision[]) => [...rows].sort((a, b) => atOf(a) - atOf(b))

/** Both ends of a range are in it. */
export const inRange = ({ decisions, from, to }: Pick<Asked, 'decisions' | 'from' | 'to'>) =>
  decisions.filter((each) => atOf(each) >= from && atOf(each) <= to)
/** The step of a time axis that it falls into, counted from 1970. */
export const stepOf =
  ({ interval_s }: Asked) =>
  (each: ScoredDecision) => ({
    time: new Date(Math.floor(atOf(each) / 1000 / interval_s) * interval_s * 1000),
  })

export const who = ({ decision: { subject } }: ScoredDecision) => `${subject.type}:${subject.id}`
export const app = ({ decision }: ScoredDecision) => decision.resource.app ?? ''
export const resource = ({ decision }: ScoredDecision) =>
  decision.resource.path_template ?? decision.resource.id
export const reasons = ({ decision }: ScoredDecision) => decision.reasons ?? []
export const rule = ({ decision }: ScoredDecision) => decision.policy?.rule_id ?? ''
export const revision = ({ decision }: ScoredDecision) => decision.policy?.revision ?? ''
export const twelve = (text: string) => text.slice(0, 12)
export const proof = ({ decision }: ScoredDecision) => [...(decision.subject.amr ?? [])].sort().join(', ')

export const live = ({ decision }: ScoredDecision) => decision.origin === 'live'
export const isPerson = ({ decision }: ScoredDecision) => decision.subject.type !== 'anonymous'
export const permitted = ({ decision }: ScoredDecision) => decision.outcome === 'permit'
export const refused = ({ decision }: ScoredDecision) => !['permit', 'error_open'].includes(decision.outcome)
export const blind = ({ decision }: ScoredDecision) =>
  ['error_open', 'error_closed'].includes(decision.outcome)
export const because =
  (...wanted: string[]) =>
  (each: ScoredDecision) =>
    reasons(each).some((reason) => wanted.includes(reason))
export const wrongCredentials = because(
  'credentials_rejected',
  'mfa_rejected',
  'account_unknown',
  'account_locked',
)
export const refusedByPolicy = (each: ScoredDecision) =>
  refused(each) &&
  because(
    'policy_deny',
    'no_route',
    'no_rule_matched',
    'device_tier_too_low',
    'device_unknown',
    'step_up_required',
    'permission_missing',
  )(each)

export const different = (values: readonly unknown[]) => new Set(values).size
/** How many different ones there are that say something. */
export const told = (values: readonly (string | undefined)[]) =>
  different(values.filter((value) => value !== undefined && value !== ''))
export const people = (rows: readonly ScoredDecision[]) => different(rows.map(who))
export const shareOf = (some: readonly unknown[], all: readonly unknown[]) =>
  some.length / Math.max(all.length, 1)

/** One row for each key, with what `values` makes of those that have it. */
export function grouped<T>(
  rows: readonly T[],
  key: (row: T) => Row,
  values: (rows: readonly [T, ...T[]]) => Row,
): Row[] {
  const groups = new Map<string, { readonly key: Row; readonly rows: [T, ...T[]] }>()
  for (const row of rows) {
    const of = key(row)
    const group = groups.get(JSON.stringify(of))
    if (group === undefined) groups.set(JSON.stringify(of), { key: of, rows: [row] })
    else group.rows.push(row)
  }
  return [...groups.values()].map((group) => ({ ...group.key, ...values(group.rows) }))
}
