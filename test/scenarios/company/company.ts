import type { DecisionInput } from '../../../schemas/decision.ts'
import type { Truth } from '../../../schemas/truth.ts'
import { planAttacks } from './attacks/plan.ts'
import { helpDesk, privateEvening } from './bystanders.ts'
import { calendarOf } from './calendar.ts'
import type { Draft } from './drafts.ts'
import { estateOf } from './estate.ts'
import type { Networks } from './networks.ts'
import { ordinaryHappenings } from './ordinary.ts'
import { serviceDay, services } from './services.ts'
import { staff } from './staff.ts'
import { DAY, HOUR, START_MS } from './time.ts'
import type { World } from './whereabouts.ts'
import { workingDay } from './working-day.ts'

export interface CompanyOptions {
  readonly people: number
  readonly days: number
  readonly seed: number
  /** Attacks of each scenario at each difficulty; 0 is a quiet company. */
  readonly attacks: number
}

export interface Company {
  /** In the order of time; a day is in memory at a time. */
  decisions(): Generator<DecisionInput>
  /** Complete when all decisions were taken. */
  truth(): Truth[]
}

/**
 * What people start on a local day lies within these hours around the UTC day:
 * before, for zones ahead; a day that is generated later begins no earlier.
 */
const EARLIEST_MS = 14 * HOUR

/**
 * A company's access decisions and what really happened in it. The same options
 * give the same bytes. Attacks change nobody else's day, so that two runs differ
 * in them only.
 */
export function company(options: CompanyOptions, networks: Networks): Company {
  const { people, days, seed } = options
  const calendar = calendarOf(days)
  const world: World = { seed, networks, estate: estateOf(seed, calendar, networks) }
  const everybody = staff(people, days, seed, networks)
  const programs = services(people, world)
  const attacks = planAttacks({ ...options, everybody, programs, world })
  const caused = new Map<string, { id: string; at_ms: number }[]>()

  function* day(number: number): Generator<Draft> {
    for (const who of everybody) {
      yield* workingDay(who, number, days, world)
      yield* privateEvening(who, number, days, world)
      yield* helpDesk(who, number, everybody, world)
    }
    for (const program of programs) yield* serviceDay(program, number, seed)
    for (const attack of attacks) if (attack.day === number) yield* attack.drafts
  }

  return {
    *decisions() {
      let waiting: Draft[] = []
      let count = 0
      const endMs = START_MS + days * DAY
      for (let number = 0; number <= days; number++) {
        for (const draft of day(number)) waiting.push(draft)
        waiting.sort((a, b) => a.at_ms - b.at_ms)
        const untilMs = number === days ? endMs : START_MS + (number + 1) * DAY - EARLIEST_MS
        let taken = 0
        for (const { at_ms, decision, attack } of waiting) {
          if (at_ms >= untilMs) break
          taken += 1
          if (at_ms < START_MS) continue
          const id = `d${String(count).padStart(8, '0')}`
          count += 1
          if (attack !== undefined) {
            const list = caused.get(attack)
            if (list === undefined) caused.set(attack, [{ id, at_ms }])
            else list.push({ id, at_ms })
          }
          yield { ...decision, id, decided_at: new Date(Math.floor(at_ms)).toISOString() }
        }
        waiting = waiting.slice(taken)
      }
    },
    truth() {
      const found: Truth[] = []
      for (const { id, scenario, difficulty, entity, also } of attacks) {
        const own = caused.get(id) ?? []
        const [first, last] = [own[0], own.at(-1)]
        if (first === undefined || last === undefined) continue
        found.push({
          kind: 'attack',
          id,
          tenant: 'default',
          scenario,
          difficulty,
          entity,
          also: [...also],
          started_at: new Date(Math.floor(first.at_ms)).toISOString(),
          ended_at: new Date(Math.floor(last.at_ms)).toISOString(),
          decision_ids: own.map((each) => each.id),
        })
      }
      return [...found, ...ordinaryHappenings(everybody, programs, days, calendar, seed)]
    },
  }
}
