import type { Dispatcher } from 'undici'
import { Browser } from '../browser/browser.ts'
import type { Answer, SignInAs } from '../browser/browser.ts'
import { requestsFor } from '../people/activity.ts'
import { nextTarget, whereabouts } from '../people/day.ts'
import type { Agent, Person, Target } from '../people/person.ts'
import type { Random } from '../random.ts'

/** One of the people with their two browsers, at work against the real gateway. */
export interface Worker {
  readonly person: Person
  /** Opens something of their habits; resolves to the HTTP status that the gateway gave. */
  act(nowMs: number): Promise<number>
  open(target: Target, nowMs: number): Promise<Answer>
  /** The browser in use, as it is now. */
  browser(kind: Agent['kind']): Browser
  /** Whether a request is under way; a person does one thing at a time. */
  busy(): boolean
}

export interface WorkerOptions {
  readonly dispatcher: Dispatcher
  /** Port of the gateway. */
  readonly gateway_port: number
  readonly password: string
  readonly random: Random
}

export function createWorker(person: Person, options: WorkerOptions): Worker {
  const browsers = {
    laptop: new Browser({ dispatcher: options.dispatcher }),
    phone: new Browser({ dispatcher: options.dispatcher }),
  }
  const habits = person.habits.filter((habit) => !habit.stream)
  const signIn: SignInAs = { account: person.id, password: options.password, has_key: true }
  let underWay = 0

  async function open(target: Target, nowMs: number): Promise<Answer> {
    const here = whereabouts(person, nowMs)
    const browser = browsers[here.agent.kind]
    const from = { ip: here.ip, user_agent: here.agent.user_agent, device: here.device }
    underWay += 1
    try {
      // A form can't be sent to a sign-in page and back; people open the page before they press its button.
      let answer: Answer | undefined
      for (const next of requestsFor(target)) {
        if (answer !== undefined && answer.status !== 200) break
        answer = await browser.open(urlOf(next, options.gateway_port), from, { method: next.method, signIn })
      }
      if (answer === undefined) throw new TypeError('nothing to ask for')
      return answer
    } finally {
      underWay -= 1
    }
  }

  return {
    person,
    open,
    act: async (nowMs) => (await open(nextTarget(habits, options.random), nowMs)).status,
    browser: (kind) => browsers[kind],
    busy: () => underWay > 0,
  }
}

/** `http://wiki.localhost:8080/pages/3` */
export function urlOf(target: Target, port: number): string {
  return `http://${target.app}.localhost:${port}${target.path}`
}
