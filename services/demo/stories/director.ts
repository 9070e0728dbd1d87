import type { Logger } from 'pino'
import { attackerNetworks } from '../people/places.ts'
import type { Random } from '../random.ts'
import type { Traffic } from '../traffic/traffic.ts'
import type { Worker } from '../traffic/worker.ts'
import { breakGlass } from './break-glass.ts'
import { bruteForce } from './brute-force.ts'
import { fallenDevice } from './fallen-device.ts'
import { passwordSpray } from './password-spray.ts'
import { permissionProbing } from './permission-probing.ts'
import { policyMistake } from './policy-mistake.ts'
import { rareResources } from './rare-resources.ts'
import { stolenSession } from './stolen-session.ts'
import { pause } from './story.ts'
import type { StoryScript } from './story.ts'
import { tell } from './tell.ts'
import type { SceneSetting } from './tell.ts'

export interface DirectorOptions extends Pick<
  SceneSetting,
  'gateway_port' | 'dispatcher' | 'accounts' | 'everyone' | 'fleet' | 'policy'
> {
  readonly traffic: Traffic
  readonly random: Random
  readonly first_story_after_ms: number
  readonly story_pause_ms: number
  readonly tools: Parameters<typeof tell>[2]
  readonly logger: Logger
}

const STORIES: readonly StoryScript[] = [
  stolenSession,
  bruteForce,
  policyMistake,
  permissionProbing,
  passwordSpray,
  fallenDevice,
  rareResources,
  breakGlass,
]

/** After the first round there is less hurry: fewer people are restricted in an hour than the circuit breaker allows. */
const LATER_PAUSE_FACTOR = 2.5

/** Plays the stories in turn, each with another victim, until stopped. */
export function startDirector(options: DirectorOptions): { stop(): Promise<void> } {
  const { random, tools, logger } = options
  const ended = new AbortController()
  const lastPlayed = new Map<string, number>()
  // Shuffled, so that a demo that is started again does not begin with a network that is still under suspicion.
  const attackers = attackerNetworks.toSorted(() => random.next() - 0.5)

  /** Who still suffers from an earlier story takes no part, unless too few are left. */
  function calm(atWork: Worker[]): Worker[] {
    const free = atWork.filter(({ person }) => !tools.observer.isRestricted(person.id))
    return free.length >= 3 ? free : atWork
  }

  async function play(): Promise<void> {
    await pause(options.first_story_after_ms, ended.signal)
    for (let turn = 0; !ended.signal.aborted; turn += 1) {
      const story = STORIES[turn % STORIES.length]
      const attacker = attackers[turn % attackers.length]
      if (story?.once && turn >= STORIES.length) continue
      const cast = story ? castOf(story, calm(options.traffic.atWork(Date.now())), lastPlayed, random) : null
      if (!cast) {
        // Nobody of a fitting role is at work at this hour.
        await pause(1000, ended.signal)
        continue
      }
      if (story && attacker) {
        lastPlayed.set(cast.victim.person.id, turn)
        try {
          await tell(story, { ...options, ...cast, attacker, random, signal: ended.signal }, tools)
        } catch (error) {
          // A story that breaks off (the provider didn't answer) must not end the ones after it.
          if (!ended.signal.aborted) logger.warn({ err: error, story: story.id }, 'a story broke off')
        }
      }
      await pause(options.story_pause_ms * (turn < STORIES.length ? 1 : LATER_PAUSE_FACTOR), ended.signal)
    }
  }

  const playing = play()
  return {
    async stop() {
      ended.abort()
      await playing
    },
  }
}

/** The one whose turn as a victim is longest ago, and somebody else at work, from the same site where possible. */
function castOf(
  story: StoryScript,
  atWork: readonly Worker[],
  lastPlayed: ReadonlyMap<string, number>,
  random: Random,
): { victim: Worker; bystander: Worker } | null {
  const turnOf = (worker: Worker): number => lastPlayed.get(worker.person.id) ?? -1
  const shuffled = atWork.toSorted(() => random.next() - 0.5)
  const victim = shuffled
    .filter(({ person }) => story.roles.includes(person.role) && (story.fits?.(person) ?? true))
    .toSorted((a, b) => turnOf(a) - turnOf(b))[0]
  const others = shuffled.filter((worker) => worker !== victim).toSorted((a, b) => turnOf(a) - turnOf(b))
  const bystander = others.find((worker) => worker.person.site === victim?.person.site) ?? others[0]
  return victim && bystander ? { victim, bystander } : null
}
