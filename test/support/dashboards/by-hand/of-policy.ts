import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import { daysBetween, lately } from './of-applications.ts'
import { countedOverTime, withReason } from './of-company.ts'
import {
  app,
  byTime,
  first,
  grouped,
  inRange,
  last,
  people,
  permitted,
  reasons,
  refused,
  refusedByPolicy,
  revision,
  rule,
  shareOf,
  stepOf,
  twelve,
  who,
  type Asked,
  type ByHand,
  type Row,
} from './tally.ts'

const shadowDiffers = ({ decision: { policy, outcome } }: ScoredDecision) =>
  policy?.shadow !== undefined && policy.shadow.outcome !== outcome
const ruleName = (each: ScoredDecision) => rule(each) || 'no rule'
const route = ({ decision }: ScoredDecision) => decision.policy?.route_id

/** Who got in under one revision, and under another was refused ever after. */
function newlyBlocked(asked: Asked): Row[] {
  return grouped(
    inRange(asked).filter((each) => revision(each) !== ''),
    (each) => ({ subject: who(each), application: app(each) }),
    (all) => {
      const [letIn, shutOut] = [byTime(all.filter(permitted)), byTime(all.filter(refusedByPolicy))]
      const [lastIn, firstOut, lastOut] = [letIn.at(-1), shutOut[0], shutOut.at(-1)]
      if (lastIn === undefined || firstOut === undefined || lastOut === undefined) return { blocked: false }
      const [permitted_under, refused_under] = [twelve(revision(lastIn)), twelve(revision(lastOut))]
      return {
        blocked: permitted_under !== refused_under && first(shutOut) > last(letIn),
        permitted: letIn.length,
        refused: shutOut.length,
        permitted_under,
        refused_under,
        first_reasons: reasons(firstOut).join(', '),
        last_permitted: last(letIn),
        first_refused: first(shutOut),
      }
    },
  ).flatMap(({ blocked, ...row }) => (blocked === true ? [row] : []))
}

export const ofPolicy: ByHand = {
  'gatewatch-policy: Refused by policy': (asked) => [
    { refused: inRange(asked).filter(refusedByPolicy).length },
  ],
  'gatewatch-policy: Subjects refused': (asked) => [
    { subjects: people(inRange(asked).filter(refusedByPolicy)) },
  ],
  'gatewatch-policy: Shadow would differ': (asked) => [
    { decisions: inRange(asked).filter(shadowDiffers).length },
  ],
  'gatewatch-policy: Refused by rule': (asked) =>
    countedOverTime(
      asked,
      inRange(asked).filter(refusedByPolicy),
      (each) => ({ rule: ruleName(each) }),
      'refused',
    ),
  'gatewatch-policy: Share refused by revision': (asked) =>
    grouped(
      inRange(asked).filter((each) => revision(each) !== ''),
      (each) => ({ ...stepOf(asked)(each), revision: twelve(revision(each)) }),
      (all) => ({ refused: shareOf(all.filter(refusedByPolicy), all) }),
    ),
  'gatewatch-policy: Newly blocked people': newlyBlocked,
  'gatewatch-policy: Shadow against active': (asked) =>
    grouped(
      inRange(asked).filter(shadowDiffers),
      ({ decision, ...rest }) => ({
        shadow_revision: twelve(decision.policy?.shadow?.revision ?? ''),
        active: decision.outcome,
        shadow: decision.policy?.shadow?.outcome,
        application: app({ decision, ...rest }),
      }),
      (all) => ({ decisions: all.length, subjects: people(all), newest: last(all) }),
    ),
  'gatewatch-policy: Rules': (asked) =>
    grouped(
      inRange(asked),
      (each) => ({ rule: ruleName(each), route: route(each) }),
      (all) => ({
        decisions: all.length,
        permitted: all.filter(permitted).length,
        refused: all.filter(refused).length,
        subjects: people(all),
        newest_revision: twelve(revision(byTime(all).at(-1) ?? all[0])),
        last_matched: last(all),
      }),
    ),
  'gatewatch-policy: Rules that match nobody any more': (asked) =>
    grouped(
      lately(asked).filter((each) => rule(each) !== ''),
      (each) => ({ rule: rule(each), route: route(each) }),
      (all) => ({
        decided: all.length,
        last_matched: last(all),
        days_ago: daysBetween(last(all).getTime(), asked.to),
      }),
    ).filter(({ last_matched }) => Number(last_matched) < asked.from),
  'gatewatch-policy: Reasons': (asked) =>
    grouped(
      withReason(inRange(asked).filter(refusedByPolicy)),
      ({ reason, each }) => ({ application: app(each), reason }),
      (all) => ({ decisions: all.length, subjects: people(all.map(({ each }) => each)) }),
    ),
}
