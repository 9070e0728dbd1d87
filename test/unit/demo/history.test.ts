import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Decision } from '../../../schemas/decision.ts'
import { Policy } from '../../../schemas/policy.ts'
import { history } from '../../../services/demo/history/history.ts'
import { requestsAnHour } from '../../../services/demo/people/activity.ts'
import { isWorking, whereabouts } from '../../../services/demo/people/day.ts'
import { makePeople } from '../../../services/demo/people/make-people.ts'
import { allNetworks } from '../../../services/demo/people/places.ts'
import { compileRoutes } from '../../../services/demo/people/routes.ts'

const UNTIL = Date.parse('2026-03-02T12:00:00.000Z')
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const people = makePeople()
const routes = compileRoutes(Policy.parse(parse(readFileSync('services/demo/policy.yaml', 'utf8'))))
const optionsOf = (count: number) => ({
  tenant: 'default',
  until_ms: UNTIL,
  days: count,
  requests_an_hour: 5,
  seen: (id: string) => ({ id, managed: true, posture: 'compliant' as const }),
})
const days = (count: number) => [...history(people, routes, optionsOf(count))]

describe('the history of the demo', () => {
  const decisions = days(4)

  it('is the same each time it is made, with an id of its own for each decision', () => {
    expect(JSON.stringify(days(4)) === JSON.stringify(decisions)).toBe(true)
    expect(new Set(decisions.map(({ id }) => id)).size).toBe(decisions.length)
    expect(decisions.length).toBeGreaterThan(1000)
    expect(days(0)).toEqual([])
  })

  it('is marked as imported, lies in the past in the order of time, and is made of valid decisions', () => {
    const times = decisions.map(({ decided_at }) => decided_at)
    expect(times).toEqual(times.toSorted())
    for (const decision of decisions) {
      Decision.parse(decision)
      expect(decision.origin).toBe('import')
      expect(Date.parse(decision.decided_at)).toBeLessThan(UNTIL)
    }
  })

  it('holds as many looks of each person as live traffic makes at those hours', () => {
    const from = (Math.floor(UNTIL / DAY_MS) - 3) * DAY_MS
    for (const person of people) {
      let expected = 0
      for (let ms = from; ms < UNTIL; ms += MINUTE_MS) expected += requestsAnHour(person, ms, 5) / 60
      // A press of a button is a look at its page as well, and a sign-in is no look.
      const looks = decisions.filter(
        ({ subject, action, context }) =>
          subject.id === person.id && action.name !== 'sign_in' && context?.http?.method === 'GET',
      ).length
      const apart = Math.abs(looks - expected) / Math.sqrt(expected + 1)
      expect({ person: person.id, usual: apart < 5 }).toEqual({ person: person.id, usual: true })
    }
  })

  it('knows everybody, at working hours only, from networks that the networks file places', () => {
    expect(new Set(decisions.map(({ subject }) => subject.id)).size).toBe(people.length)
    const prefixes = new Set(allNetworks().map(({ cidr }) => cidr))
    for (const { context } of decisions)
      expect(prefixes).toContain(`${context?.ip?.replace(/\.\d+$/, '')}.0/24`)
  })
})

describe('the people of the demo', () => {
  it('are fifty, with a route of the policy for everything that they open', () => {
    expect(people).toHaveLength(50)
    for (const { habits } of people)
      for (const { target } of habits) expect(routes.find(target)).not.toBeNull()
  })

  it('leave somebody at work at every hour of the week, so that the demo never stands still', () => {
    for (let hour = 0; hour < 7 * 24; hour += 1) {
      const working = people.filter((person) => isWorking(person, UNTIL + hour * 3_600_000))
      expect(working.length, `hour ${hour}`).toBeGreaterThanOrEqual(3)
      for (const person of working)
        expect(whereabouts(person, UNTIL + hour * 3_600_000).ip).toMatch(/^(198\.18|100\.6[45])\./)
    }
  })
})
