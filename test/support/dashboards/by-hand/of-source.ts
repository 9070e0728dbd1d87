import { byOutcome } from './of-company.ts'
import { clientOf, deviceOf, networkOf, placeOf, sessionOf, spanOf } from './of-subject.ts'
import {
  app,
  atOf,
  byTime,
  first,
  grouped,
  inRange,
  isPerson,
  last,
  people,
  permitted,
  proof,
  reasons,
  refused,
  resource,
  shareOf,
  stepOf,
  told,
  who,
  wrongCredentials,
  type Asked,
  type ByHand,
} from './tally.ts'
import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'

const there = (asked: Asked) => inRange(asked).filter((each) => networkOf(each) === asked.source)
const within = (asked: Asked) => inRange(asked).filter((each) => sessionOf(each) === asked.session)
const fingerprint = ({ decision }: ScoredDecision) => decision.context?.tls_fingerprint ?? ''
const versioned = ({ enrichment: { user_agent } }: ScoredDecision) =>
  `${user_agent.family} ${user_agent.major}, ${user_agent.os}`

export const ofSource: ByHand = {
  'gatewatch-source: Decisions': (asked) => [{ decisions: there(asked).length }],
  'gatewatch-source: Accounts': (asked) => [{ accounts: people(there(asked).filter(isPerson)) }],
  'gatewatch-source: Accounts let in': (asked) => [
    { accounts: people(there(asked).filter((each) => isPerson(each) && permitted(each))) },
  ],
  'gatewatch-source: Refused': (asked) => [{ refused: shareOf(there(asked).filter(refused), there(asked)) }],
  'gatewatch-source: Wrong credentials': (asked) => [
    { decisions: there(asked).filter(wrongCredentials).length },
  ],
  'gatewatch-source: Decisions by outcome': (asked) => byOutcome(asked, there(asked)),
  'gatewatch-source: Accounts over time': (asked) =>
    grouped(there(asked).filter(isPerson), stepOf(asked), (all) => ({
      accounts: people(all),
      with_wrong_credentials: people(all.filter(wrongCredentials)),
    })),
  'gatewatch-source: Who was tried from there': (asked) =>
    grouped(
      there(asked).filter(isPerson),
      (each) => ({ subject: who(each) }),
      (all) => {
        const [wrong, right] = [all.filter(wrongCredentials), all.filter(permitted)]
        const isAfter = wrong.length > 0 && right.length > 0 && last(right) > first(wrong)
        return {
          ...spanOf(all),
          wrong_credentials: wrong.length,
          permitted: right.length,
          let_in_after_failing: isAfter ? 1 : 0,
        }
      },
    ),
  'gatewatch-source: With which clients': (asked) =>
    grouped(
      there(asked),
      (each) => ({ ...clientOf(each), tls_fingerprint: fingerprint(each) }),
      (all) => ({ decisions: all.length, accounts: people(all), last_seen: last(all) }),
    ),
  'gatewatch-source: What it asked for': (asked) =>
    grouped(
      there(asked),
      (each) => ({ application: app(each), resource: resource(each) }),
      (all) => ({ decisions: all.length, refused: all.filter(refused).length, accounts: people(all) }),
    ),
  'gatewatch-source: Networks that guess': (asked) =>
    grouped(
      inRange(asked).filter((each) => wrongCredentials(each) && networkOf(each) !== ''),
      (each) => ({ network: networkOf(each), kind: each.enrichment.source.network_kind }),
      (all) => {
        const { provider, country } = placeOf(all[0])
        return { provider, country, accounts: people(all), decisions: all.length, last_seen: last(all) }
      },
    ),
}

export const ofSession: ByHand = {
  'gatewatch-session: Decisions': (asked) => [{ decisions: within(asked).length }],
  'gatewatch-session: Refused': (asked) => [{ refused: within(asked).filter(refused).length }],
  'gatewatch-session: Lasted': (asked) => {
    const [from, to] = [first(within(asked)).getTime(), last(within(asked)).getTime()]
    return [{ seconds: from > to ? 0 : Math.floor(to / 1000) - Math.floor(from / 1000) }]
  },
  'gatewatch-session: Devices': (asked) => [{ different: told(within(asked).map(deviceOf)) }],
  'gatewatch-session: Clients': (asked) => [{ different: told(within(asked).map(versioned)) }],
  'gatewatch-session: Networks': (asked) => [{ different: told(within(asked).map(networkOf)) }],
  'gatewatch-session: What it did, over time': (asked) =>
    grouped(
      within(asked),
      (each) => ({ ...stepOf(asked)(each), application: app(each) }),
      (all) => ({ decisions: all.length }),
    ),
  'gatewatch-session: Risk at its decisions': (asked) =>
    grouped(
      within(asked).filter(({ decision }) => decision.risk_at_decision !== undefined),
      stepOf(asked),
      (all) => ({ risk: Math.max(...all.map(({ decision }) => decision.risk_at_decision?.score ?? 0)) }),
    ),
  'gatewatch-session: Who bore it': (asked) =>
    grouped(
      within(asked),
      (each) => ({
        network: networkOf(each),
        ...placeOf(each),
        client: versioned(each),
        tls_fingerprint: fingerprint(each),
        device: deviceOf(each),
      }),
      spanOf,
    ),
  'gatewatch-session: How it began': (asked) =>
    grouped(
      within(asked),
      (each) => ({
        subject: who(each),
        identity_provider: each.decision.subject.idp,
        proof: proof(each),
        assurance: each.decision.subject.acr,
        signed_in: new Date(each.decision.subject.authenticated_at ?? ''),
        in_groups: [...(each.decision.subject.groups ?? [])].sort().join(', '),
      }),
      spanOf,
    ),
  'gatewatch-session: Decision by decision': (asked) => {
    const all = byTime(within(asked))
    return all.map((each, i) => ({
      decided_at: new Date(atOf(each)),
      seconds_since: Math.round((atOf(each) - atOf(all[Math.max(i - 1, 0)] ?? each)) / 100) / 10,
      outcome: each.decision.outcome,
      reasons: reasons(each).join(', '),
      application: app(each),
      address: each.decision.context?.ip ?? '',
      client: versioned(each),
      device: deviceOf(each),
      id: each.decision.id,
    }))
  },
}
