import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import { daysBetween } from './of-applications.ts'
import { countedOverTime } from './of-company.ts'
import {
  app,
  atOf,
  byTime,
  different,
  first,
  grouped,
  inRange,
  last,
  reasons,
  refused,
  resource,
  rule,
  stepOf,
  told,
  who,
  type Asked,
  type ByHand,
  type Row,
} from './tally.ts'

export const networkOf = ({ enrichment }: ScoredDecision) => enrichment.source.prefix
const countryOf = ({ enrichment }: ScoredDecision) => enrichment.source.country
export const deviceOf = ({ decision }: ScoredDecision) => decision.device?.id ?? ''
export const sessionOf = ({ decision }: ScoredDecision) => decision.subject.session_id ?? ''
export const clientOf = ({ enrichment: { user_agent } }: ScoredDecision) => ({
  client: user_agent.family,
  system: user_agent.os,
})
/** Its network's, and where that is said to be. */
export const placeOf = ({ enrichment: { source } }: ScoredDecision) => ({
  provider: source.as_org,
  city: source.city,
  country: source.country,
})
export const spanOf = (rows: readonly ScoredDecision[]) => ({
  decisions: rows.length,
  first_seen: first(rows),
  last_seen: last(rows),
})
/** What is kept to the second alone. */
const wholeSecond = (at: Date) => new Date(Math.floor(at.getTime() / 1000) * 1000)

const its = (asked: Asked) => inRange(asked).filter((each) => who(each) === asked.subject)

function firstSeen(asked: Asked): Row[] {
  const all = inRange({ ...asked, from: 0 }).filter((each) => who(each) === asked.subject)
  const facts = all.flatMap((each) => {
    const at = new Date(atOf(each))
    const { client, system } = clientOf(each)
    return [
      { fact: 'device', other: deviceOf(each), at, each },
      { fact: 'network', network: networkOf(each), at, each },
      { fact: 'country', other: countryOf(each), at, each },
      { fact: 'client', other: `${client} ${system}`.trim(), at, each },
      { fact: 'application', application: app(each), at: wholeSecond(at), each },
    ].filter(({ other, network, application }) => [other, network, application].some(Boolean))
  })
  const earliest = Math.min(...facts.map(({ at }) => at.getTime()))
  return grouped(
    facts,
    ({ fact, other = '', network = '', application = '' }) => ({ fact, other, network, application }),
    (same) => {
      const first_seen = new Date(Math.min(...same.map(({ at }) => at.getTime())))
      return {
        first_seen,
        new_in_range: first_seen.getTime() >= asked.from ? 1 : 0,
        days_after_its_first: daysBetween(earliest, first_seen.getTime()),
        last_seen_day: last(same.map(({ each }) => each))
          .toISOString()
          .slice(0, 10),
        decisions: same.length,
      }
    },
  )
}

export const ofSubject: ByHand = {
  'gatewatch-subject: Decisions': (asked) => [{ decisions: its(asked).length }],
  'gatewatch-subject: Refused': (asked) => [{ refused: its(asked).filter(refused).length }],
  'gatewatch-subject: Countries': (asked) => [{ countries: told(its(asked).map(countryOf)) }],
  'gatewatch-subject: Networks': (asked) => [{ networks: told(its(asked).map(networkOf)) }],
  'gatewatch-subject: Timeline': (asked) =>
    countedOverTime(asked, its(asked), ({ decision }) => ({ what: decision.outcome }), 'decisions'),
  'gatewatch-subject: Detector scores': (asked) =>
    grouped(
      its(asked).flatMap((each) =>
        Object.entries(each.scores)
          .filter(([detector]) => !detector.includes('.'))
          .map(([detector, score]) => ({ detector, score, each })),
      ),
      ({ detector, each }) => ({ ...stepOf(asked)(each), detector }),
      (all) => ({ highest: Math.max(...all.map(({ score }) => score)) }),
    ),
  'gatewatch-subject: Places': (asked) =>
    grouped(
      its(asked).filter(({ enrichment }) => enrichment.source.latitude !== null),
      ({ enrichment: { source } }) => ({
        city: source.city,
        region: source.region,
        country: source.country,
        latitude: source.latitude,
        longitude: source.longitude,
      }),
      (all) => ({
        ...spanOf(all),
        within_km: Math.max(...all.map(({ enrichment }) => enrichment.source.accuracy_km)),
        refused: all.filter(refused).length,
        networks: different(all.map(networkOf)),
      }),
    ),
  'gatewatch-subject: Where it came from': (asked) =>
    grouped(its(asked), (each) => ({ network: networkOf(each), ...placeOf(each) }), spanOf),
  'gatewatch-subject: First seen': firstSeen,
  'gatewatch-subject: What it used': (asked) =>
    grouped(
      its(asked),
      (each) => ({ ...clientOf(each), device: deviceOf(each) }),
      (all) => ({ ...spanOf(all), sessions: told(all.map(sessionOf)) }),
    ),
  'gatewatch-subject: Sessions': (asked) =>
    grouped(
      its(asked).filter((each) => sessionOf(each) !== ''),
      (each) => ({ session: sessionOf(each) }),
      (all) => ({
        ...spanOf(all),
        devices: told(all.map(deviceOf)),
        clients: different(all.map((each) => JSON.stringify(clientOf(each)))),
        networks: different(all.map(networkOf)),
      }),
    ),
  'gatewatch-subject: What it asked for': (asked) =>
    grouped(
      its(asked),
      (each) => ({
        application: app(each),
        action: each.decision.action.name,
        resource: resource(each),
      }),
      (all) => ({
        decisions: all.length,
        refused: all.filter(refused).length,
        first_seen: wholeSecond(first(all)),
      }),
    ),
  'gatewatch-subject: Latest decisions': (asked) =>
    byTime(its(asked))
      .slice(-100)
      .map((each) => ({
        decided_at: new Date(atOf(each)),
        outcome: each.decision.outcome,
        would_be: each.decision.would_be ?? '',
        reasons: reasons(each).join(', '),
        application: app(each),
        action: each.decision.action.name,
        resource: each.decision.resource.id,
        address: each.decision.context?.ip ?? '',
        session: sessionOf(each),
        risk: each.decision.risk_at_decision?.score ?? null,
        rule: rule(each),
        id: each.decision.id,
      })),
  'gatewatch-subject: Subjects that begin so': (asked) =>
    grouped(
      inRange(asked).filter((each) => who(each).startsWith(asked.subject)),
      (each) => ({ subject: who(each) }),
      (all) => ({ decisions: all.length, last_seen: last(all) }),
    ),
}
