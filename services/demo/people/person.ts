import type { Site } from './places.ts'

export type Role = 'engineering' | 'operations' | 'people-team' | 'finance' | 'sales'

/** A browser that a person uses, and where it goes online. */
export interface Agent {
  readonly kind: 'laptop' | 'phone'
  readonly user_agent: string
}

/** One of the demo's people, with the habits that their baseline is made of. */
export interface Person {
  /** Account name and subject id. */
  readonly id: string
  readonly role: Role
  readonly groups: readonly string[]
  readonly site: Site
  /** Which of the site's home networks, and the last number of every address of theirs. */
  readonly home: number
  readonly host: number
  /** Local time at which the day begins, and how long it is, in hours. */
  readonly starts_h: number
  readonly hours: number
  /** How much they do, against a mean person's 1. */
  readonly pace: number
  /** Share of days spent in the office. */
  readonly office_share: number
  readonly agents: readonly [Agent, Agent]
  /** Their computer, as the inventory names it; telephones are in no inventory. */
  readonly computer: string
  /** What they open, with weights. */
  readonly habits: readonly Habit[]
}

/** A request that a person makes again and again. */
export interface Habit {
  readonly target: Target
  readonly weight: number
  /** An endless stream: part of the history; live, people open it only in a story. */
  readonly stream?: true
}

/** One resource of the demo's applications, as a request for it and as the gateway names it. */
export interface Target {
  readonly app: 'wiki' | 'records' | 'deploy'
  readonly method: 'GET' | 'POST'
  readonly path: string
}
