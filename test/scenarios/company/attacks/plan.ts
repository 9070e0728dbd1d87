import type { Entity } from '../../../../schemas/entity.ts'
import { isWeekend } from '../calendar.ts'
import { Dice } from '../dice.ts'
import type { Draft } from '../drafts.ts'
import type { Service } from '../services.ts'
import type { Person } from '../staff.ts'
import type { World } from '../whereabouts.ts'
import {
  credentialSwitch,
  enumeration,
  exfiltration,
  insiderRare,
  serviceInteractive,
  sessionReplay,
} from './inside.ts'
import { DIFFICULTIES, type Difficulty, type Scenario } from './scene.ts'
import { accountTakeover, dormantRevived, mfaFatigue, passwordSpray } from './takeover.ts'
import { outsider } from './thief.ts'

/** An attack with its decisions. */
export interface Planned {
  readonly id: string
  readonly scenario: string
  readonly difficulty: Difficulty
  readonly entity: Entity
  readonly also: readonly Entity[]
  /** The local day of the victim on which it begins. */
  readonly day: number
  readonly drafts: readonly Draft[]
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  account_takeover: accountTakeover,
  password_spray: passwordSpray,
  mfa_fatigue: mfaFatigue,
  session_replay: sessionReplay,
  insider_rare: insiderRare,
  credential_switch: credentialSwitch,
  enumeration,
  exfiltration,
  dormant_revived: dormantRevived,
  service_interactive: serviceInteractive,
}

export interface PlanOptions {
  readonly attacks: number
  readonly days: number
  readonly seed: number
  readonly everybody: readonly Person[]
  readonly programs: readonly Service[]
  readonly world: World
}

/** Candidates asked before an attack is given up: a victim must be at work that day. */
const MOST_TRIES = 60

/** Chooses a victim and a day for each attack, in the last two thirds of the time: nobody is attacked twice. */
export function planAttacks(options: PlanOptions): readonly Planned[] {
  const { attacks, days, seed, everybody, programs, world } = options
  const taken = new Set<string>()
  const planned: Planned[] = []
  for (const [scenario, act] of Object.entries(SCENARIOS)) {
    for (const difficulty of DIFFICULTIES) {
      for (let number = 0; number < attacks; number++) {
        const dice = new Dice(seed, scenario, difficulty, number)
        for (let tries = 0; tries < MOST_TRIES; tries++) {
          const victim = pickVictim(scenario, everybody, days, dice)
          const day = dice.whole(Math.floor(days / 3), days - 2)
          if (victim === undefined || taken.has(victim.id)) continue
          if (scenario !== 'dormant_revived' && (isWeekend(day) || !present(victim, day, days))) continue
          const act_ = act({ difficulty, day, days, victim, everybody, programs, world, dice })
          if (act_ === null || taken.has(act_.entity.id)) continue
          taken.add(victim.id).add(act_.entity.id)
          const id = `${scenario}-${difficulty}-${number + 1}`
          planned.push({
            id,
            scenario,
            difficulty,
            day: Math.max(0, day - 1),
            ...act_,
            drafts: act_.drafts.map((draft) => ({ ...draft, attack: id })),
          })
          break
        }
      }
    }
  }
  return planned
}

function pickVictim(
  scenario: string,
  everybody: readonly Person[],
  days: number,
  dice: Dice,
): Person | undefined {
  if (scenario === 'dormant_revived') {
    const left = everybody.filter(({ lastDay, firstDay }) => lastDay < days && firstDay < 0)
    return dice.pick(left)
  }
  return dice.pick(everybody.filter(outsider))
}

/** Has a baseline, and is not away. */
function present({ firstDay, lastDay, away, trips }: Person, day: number, days: number): boolean {
  return (
    firstDay < 0 &&
    lastDay >= days &&
    (away === null || day < away.from || day > away.to) &&
    !trips.some(({ from, to }) => day >= from - 1 && day <= to + 1)
  )
}
