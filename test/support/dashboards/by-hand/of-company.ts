import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import {
  app,
  atOf,
  because,
  blind,
  different,
  grouped,
  inRange,
  live,
  people,
  reasons,
  refused,
  revision,
  rule,
  shareOf,
  stepOf,
  twelve,
  type Asked,
  type ByHand,
  type Row,
} from './tally.ts'

/** How many of them fall into each step, by what `of` says. */
export const countedOverTime = (
  asked: Asked,
  rows: readonly ScoredDecision[],
  of: (each: ScoredDecision) => Row,
  column: string,
) =>
  grouped(
    rows,
    (each) => ({ ...stepOf(asked)(each), ...of(each) }),
    (all) => ({ [column]: all.length }),
  )

export const byOutcome = (asked: Asked, rows: readonly ScoredDecision[]) =>
  countedOverTime(asked, rows, ({ decision }) => ({ outcome: decision.outcome }), 'decisions')

/** Each with one of its reasons. */
export const withReason = (rows: readonly ScoredDecision[]) =>
  rows.flatMap((each) => reasons(each).map((reason) => ({ reason, each })))

function whatChanged(asked: Asked): Row[] {
  // As long a time before, to the second.
  const [fromS, toS] = [Math.floor(asked.from / 1000), Math.floor(asked.to / 1000)]
  const rows = inRange({ ...asked, from: (fromS - (toS - fromS)) * 1000 })
  const facts = rows.flatMap((each) => [
    { what: 'application', value: app(each), each },
    { what: 'outcome', value: each.decision.outcome, each },
    ...(refused(each)
      ? [
          { what: 'refused by application', value: app(each), each },
          { what: 'refused by rule', value: rule(each) || 'no rule', each },
        ]
      : []),
  ])
  const isApp = (what: string) => what.endsWith('application')
  return grouped(
    facts,
    ({ what, value }) => ({
      what,
      application: isApp(what) ? value : '',
      other: isApp(what) ? '' : value,
    }),
    (all) => {
      const in_range = all.filter(({ each }) => atOf(each) >= asked.from).length
      const before = all.length - in_range
      const change = in_range - before
      return { in_range, before, change, change_share: before === 0 ? null : change / before }
    },
  ).filter(({ change }) => change !== 0)
}

const undecided = (asked: Asked) => [
  { decisions: inRange(asked).filter((each) => live(each) && blind(each)).length },
]

export const ofCompany: ByHand = {
  'gatewatch-overview: Decisions': (asked) => [{ decisions: inRange(asked).length }],
  'gatewatch-overview: Refused': (asked) => [
    { refused: shareOf(inRange(asked).filter(refused), inRange(asked)) },
  ],
  'gatewatch-overview: Subjects': (asked) => [{ subjects: people(inRange(asked)) }],
  'gatewatch-overview: Refused by risk': (asked) => [
    { decisions: inRange(asked).filter(({ decision }) => decision.caused_by !== undefined).length },
  ],
  'gatewatch-overview: Decisions by outcome': (asked) => byOutcome(asked, inRange(asked)),
  'gatewatch-overview: Refused by application': (asked) =>
    countedOverTime(asked, inRange(asked).filter(refused), (each) => ({ application: app(each) }), 'refused'),
  'gatewatch-overview: Refused by policy revision': (asked) =>
    countedOverTime(
      asked,
      inRange(asked).filter(refused),
      (each) => ({ revision: twelve(revision(each)) }),
      'refused',
    ),
  'gatewatch-overview: What enforcing would change': (asked) =>
    grouped(
      inRange(asked).filter(
        ({ decision }) => decision.would_be !== undefined && decision.would_be !== decision.outcome,
      ),
      ({ decision }) => ({ route: decision.policy?.route_id, would_be: decision.would_be }),
      (all) => ({ decisions: all.length, subjects: people(all) }),
    ),
  'gatewatch-overview: Reasons of refusals': (asked) =>
    grouped(
      withReason(inRange(asked).filter(refused)),
      ({ reason }) => ({ reason }),
      (all) => ({ decisions: all.length, subjects: people(all.map(({ each }) => each)) }),
    ),
  'gatewatch-overview: What changed': whatChanged,
  'gatewatch-overview: @Policy revisions': (asked) =>
    grouped(
      inRange(asked).filter((each) => live(each) && revision(each) !== ''),
      (each) => ({ text: `Policy revision ${twelve(revision(each))}` }),
      () => ({}),
    ).slice(1),
  'gatewatch-gateways: Undecided': undecided,
  'gatewatch-pipeline: Undecided': undecided,
  'gatewatch-pipeline: Requests that could not be judged': (asked) =>
    grouped(
      inRange(asked)
        .filter((each) => live(each) && blind(each))
        .flatMap((each) =>
          (reasons(each).length === 0 ? ['none'] : reasons(each)).map((of) => ({ of, each })),
        ),
      ({ of, each }) => ({ ...stepOf(asked)(each), reason: of }),
      (all) => ({ decisions: all.length }),
    ),
  'gatewatch-policy: Revisions': (asked) => [
    {
      revisions: different(
        inRange(asked)
          .map(revision)
          .filter((name) => name !== ''),
      ),
    },
  ],
  'gatewatch-policy: No rule matched': (asked) => [
    { decisions: inRange(asked).filter(because('no_rule_matched')).length },
  ],
  'gatewatch-policy: Asked to step up': (asked) => [
    { decisions: inRange(asked).filter(({ decision }) => decision.outcome === 'step_up').length },
  ],
}
