import type { Decision } from '../../schemas/decision.ts'

/** Whom enforcing a route's risk would have touched. */
export interface Promotion {
  readonly route_id: string
  /** Decisions of the route that were looked at. */
  readonly decisions: number
  readonly subjects: number
  /** Decisions whose outcome enforcing would have changed, by that outcome. */
  readonly changed: Readonly<Record<string, number>>
  /** Subjects that would have been touched, most often touched first, at most `limit`. */
  readonly touched: readonly TouchedSubject[]
  /** How many subjects would have been touched in all. */
  readonly touched_subjects: number
}

export interface TouchedSubject {
  readonly subject: string
  readonly step_up: number
  readonly deny: number
  readonly first_at: string
  readonly last_at: string
  /** One decision to look at. */
  readonly decision_id: string
}

/** Subjects kept while counting; an observing route with more distinct ones than this counts the rest only in total. */
const MAX_SUBJECTS = 100_000

/** Sums up what observing recorded: a fold over the decisions of one route. */
export function promotionReport(route_id: string) {
  const seen = new Set<string>()
  const touched = new Map<string, { -readonly [K in keyof TouchedSubject]: TouchedSubject[K] }>()
  const changed: Record<string, number> = {}
  let decisions = 0
  return {
    add(decision: Decision): void {
      if (decision.policy?.route_id !== route_id) return
      decisions += 1
      const subject = `${decision.subject.type}:${decision.subject.id}`
      if (seen.size < MAX_SUBJECTS) seen.add(subject)
      const { would_be } = decision
      if (would_be === undefined || would_be === decision.outcome) return
      changed[would_be] = (changed[would_be] ?? 0) + 1
      const known = touched.get(subject)
      if (!known && touched.size >= MAX_SUBJECTS) return
      const entry = known ?? {
        subject,
        step_up: 0,
        deny: 0,
        first_at: decision.decided_at,
        last_at: decision.decided_at,
        decision_id: decision.id,
      }
      if (would_be === 'step_up') entry.step_up += 1
      else entry.deny += 1
      if (decision.decided_at < entry.first_at) entry.first_at = decision.decided_at
      if (decision.decided_at >= entry.last_at) {
        entry.last_at = decision.decided_at
        entry.decision_id = decision.id
      }
      touched.set(subject, entry)
    },
    result(limit = 20): Promotion {
      const most = [...touched.values()].sort((a, b) => b.deny + b.step_up - (a.deny + a.step_up))
      return {
        route_id,
        decisions,
        subjects: seen.size,
        changed,
        touched: most.slice(0, limit),
        touched_subjects: touched.size,
      }
    },
  }
}
