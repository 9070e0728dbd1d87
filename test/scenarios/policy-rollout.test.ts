import { beforeAll, describe, expect, it } from 'vitest'
import { parseDecision, type Decision } from '../../schemas/decision.ts'
import type { Finding } from '../../schemas/finding.ts'
import { play } from '../support/scoring/play.ts'
import { calendarOf } from './company/calendar.ts'
import { company } from './company/company.ts'
import { openNetworks } from './company/networks.ts'
import { DAY, HOUR, START_MS } from './company/time.ts'

const DAYS = 14
const WRONG = 'f00dfeed12345678'
/** Beside those who are refused: colleagues, and others who use the same application. */
const OTHERS = 18

/** Two weeks of a company in which a policy refuses most of sales what they work with, for four hours of one morning. */
let decisions: readonly Decision[]
let findings: readonly Finding[]

beforeAll(async () => {
  const made = company({ people: 160, days: DAYS, seed: 3, attacks: 0 }, await openNetworks())
  const all = [...made.decisions()].flatMap((each) => parseDecision(each).data ?? [])
  const idsOf = (some: (decision: Decision) => boolean) =>
    new Set(all.filter(some).map(({ subject }) => subject.id))
  const refused = idsOf(({ policy }) => policy?.revision === WRONG)
  const users = [...idsOf(({ resource }) => resource.app === 'crm')].filter((id) => !refused.has(id))
  const whose = new Set([...refused, ...users.slice(0, OTHERS)])
  decisions = all.filter(({ subject }) => whose.has(subject.id))
  findings = play(decisions, { batch: 2000 }).findings.filter(
    ({ detector }) => detector.id === 'policy-intent',
  )
})

describe('a policy rolled out wrongly, in a company', () => {
  const startMs = START_MS + calendarOf(DAYS).rolloutDay * DAY + 9 * HOUR

  it('is one finding within the hour, for the application that it breaks, and nothing else in two weeks is', () => {
    expect(new Set(findings.map(({ id }) => id)).size).toBe(1)
    const [first] = findings
    expect(Date.parse(first?.observed_at ?? '') - startMs).toBeLessThan(HOUR + 5 * 60_000)
    expect(first).toMatchObject({
      entity: { type: 'policy_rule', id: 'crm' },
      evidence: {
        policy_revision: WRONG,
        first_reason: 'policy_deny',
        people_established: 4,
        people_refused: 4,
      },
    })
  })

  it('names everybody who worked with it and was refused, and is over once half of them get in again', () => {
    const refused = new Set(
      decisions.filter(({ policy }) => policy?.revision === WRONG).map(({ subject }) => `user:${subject.id}`),
    )
    const most = findings.find(({ evidence }) => evidence['people_refused'] === refused.size)
    const named = most?.entities.filter(({ type }) => type === 'subject').map(({ id }) => id)
    expect(new Set(named)).toEqual(refused)
    expect(most?.risk_level).toBe('HIGH')
    const last = findings.at(-1)
    expect(Date.parse(last?.closed_at ?? '') - startMs).toBeGreaterThan(4 * HOUR)
    expect(last?.summary).toMatch(/refused 12 of 12 people who used crm; 6 of them get in again\.$/)
  })
})
