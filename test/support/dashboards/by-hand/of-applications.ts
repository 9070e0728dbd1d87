import { byOutcome } from './of-company.ts'
import {
  app,
  atOf,
  different,
  first,
  grouped,
  inRange,
  last,
  people,
  permitted,
  proof,
  reasons,
  refused,
  resource,
  rule,
  shareOf,
  stepOf,
  told,
  who,
  type Asked,
  type ByHand,
} from './tally.ts'

const DAY_MS = 86_400_000

/** All of the ninety days before the end of the range. */
export const lately = (asked: Asked) => inRange({ ...asked, from: asked.to - 90 * DAY_MS })
/** Days between, by the calendar of UTC. */
export const daysBetween = (fromMs: number, toMs: number) =>
  Math.floor(toMs / DAY_MS) - Math.floor(fromMs / DAY_MS)

/** An estimate, mostly within a tenth. */
const about = (count: number) => ({ least: 0.6 * count - 1, most: 1.5 * count + 1 })

export const ofApplications: ByHand = {
  'gatewatch-resource: Decisions': (asked) => [{ decisions: inRange(asked).length }],
  'gatewatch-resource: Subjects': (asked) => [{ subjects: people(inRange(asked)) }],
  'gatewatch-resource: Refused': (asked) => [
    { refused: shareOf(inRange(asked).filter(refused), inRange(asked)) },
  ],
  'gatewatch-resource: Resources': (asked) => [{ resources: different(inRange(asked).map(resource)) }],
  'gatewatch-resource: From unmanaged devices': (asked) => [
    {
      decisions: inRange(asked).filter((each) => permitted(each) && each.decision.device?.managed === false)
        .length,
    },
  ],
  'gatewatch-resource: Countries': (asked) => [
    {
      countries: told(
        inRange(asked)
          .filter(permitted)
          .map((each) => each.enrichment.source.country),
      ),
    },
  ],
  'gatewatch-resource: Decisions by outcome': (asked) => byOutcome(asked, inRange(asked)),
  'gatewatch-resource: Subjects over time': (asked) =>
    grouped(inRange(asked), stepOf(asked), (all) => ({ subjects: people(all) })),
  'gatewatch-resource: Who uses it': (asked) =>
    grouped(
      inRange(asked),
      (each) => ({ subject: who(each) }),
      (all) => ({
        permitted: all.filter(permitted).length,
        refused: all.filter(refused).length,
        resources: about(different(all.map(resource))),
        first_seen: first(all),
        last_seen: last(all),
      }),
    ),
  'gatewatch-resource: How it is reached': (asked) =>
    grouped(
      inRange(asked).filter(permitted),
      (each) => ({
        device_tier: each.decision.device?.tier ?? '',
        proof: proof(each),
        rule: rule(each),
      }),
      (all) => ({ decisions: all.length, subjects: people(all), last_seen: last(all) }),
    ),
  'gatewatch-resource: What is asked for': (asked) =>
    grouped(
      inRange(asked),
      (each) => ({ resource: resource(each), action: each.decision.action.name }),
      (all) => ({
        sensitive: 'medium',
        decisions: all.length,
        subjects: people(all),
        refused: all.filter(refused).length,
        last_seen: last(all),
      }),
    ),
  'gatewatch-resource: Who was refused': (asked) =>
    grouped(
      inRange(asked).filter(refused),
      (each) => ({ subject: who(each) }),
      (all) => ({
        because: [...new Set(all.flatMap(reasons))].sort().join(', '),
        decisions: all.length,
        last_seen: last(all),
      }),
    ),
  'gatewatch-resource: Access that is not used': (asked) =>
    grouped(
      lately(asked).filter(permitted),
      (each) => ({ subject: who(each), application: app(each) }),
      (all) => ({
        permitted: all.length,
        last_seen: last(all),
        days_ago: daysBetween(last(all).getTime(), asked.to),
      }),
    ).filter(({ last_seen }) => Number(last_seen) < asked.from),
  'gatewatch-resource: Applications': (asked) =>
    grouped(
      asked.ofAll.filter((each) => each.decision.tenant === 'default' && isWithin(asked, atOf(each))),
      (each) => ({ application: app(each) }),
      (all) => ({
        decided: all.length,
        people: people(all),
        refused: all.filter(refused).length,
        last_seen: last(all),
      }),
    ),
}

const isWithin = ({ from, to }: Asked, at: number) => at >= from && at <= to
