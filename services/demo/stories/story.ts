import type { Dispatcher } from 'undici'
import type { Fleet } from '../devices/fleet.ts'
import type { Accounts } from '../provider/accounts.ts'
import type { Network } from '../people/places.ts'
import type { Random } from '../random.ts'
import type { Worker } from '../traffic/worker.ts'
import type { Person, Role } from '../people/person.ts'
import type { PolicyDesk } from '../world-files.ts'

/** What a story's attack is given. */
export interface Scene {
  readonly gateway_port: number
  readonly dispatcher: Dispatcher
  readonly accounts: Accounts
  readonly random: Random
  /** Whose account it is about. */
  readonly victim: Worker
  /** Somebody at the same site who goes on working, and should be left alone. */
  readonly bystander: Worker
  readonly everyone: readonly Worker[]
  readonly attacker: Network
  readonly fleet: Fleet
  readonly policy: Pick<PolicyDesk, 'revise'>
  /** Aborted when the demo stops. */
  readonly signal: AbortSignal
  /** Resolves when the gateway's first changed outcome was seen, or after `ms`. */
  changed(ms: number): Promise<boolean>
  hasChanged(): boolean
  hasRevoked(): boolean
  /** Tells that the victim's open stream ended. */
  streamCut(atMs: number): void
}

/** An attack that is carried out for real against gateway and provider. What is found is up to Gatewatch. */
export interface StoryScript {
  readonly id: string
  readonly title: string
  readonly roles: readonly Role[]
  /** Who of them it can be about; all, without it. */
  fits?(person: Person): boolean
  /** Findings and decisions about this subject, or from the attacker's network, belong to the story. */
  readonly about: 'subject' | 'source'
  /** The account it is about, where that is nobody's own. */
  readonly account?: string
  /** Told once in a run of the demo, not in every round. */
  readonly once?: true
  /** Why no outcome changes by risk, where none is to. */
  readonly unchanged?: string
  what(scene: Pick<Scene, 'victim' | 'attacker'>): string
  run(scene: Scene): Promise<void>
}

/** Waits, or until the demo stops. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

/** What attackers' browsers say they are: none of the demo's people uses it. */
export const ATTACKER_AGENT =
  'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36 OPR/104.0.0.0'
