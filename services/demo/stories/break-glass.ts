import { Browser } from '../browser/browser.ts'
import { addressIn } from '../people/places.ts'
import { urlOf } from '../traffic/worker.ts'
import { ATTACKER_AGENT, pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** The account for emergencies, which the policy names as break-glass. */
export const EMERGENCY = 'emergency'
const GUESSES = 16

/** The emergency account is used from far away after many wrong passwords: risk never restricts it, so a person must know. */
export const breakGlass: StoryScript = {
  id: 'break-glass',
  title: 'emergency account',
  roles: ['operations', 'engineering', 'finance', 'people-team', 'sales'],
  about: 'subject',
  account: EMERGENCY,
  unchanged: 'let it in all the same: risk never restricts a break-glass account, so each use pages a person',
  what: ({ attacker }) =>
    `somebody in ${attacker.city} tries ${GUESSES} passwords for the account ${EMERGENCY}, and the last one is right`,

  async run(scene) {
    const { attacker, random, signal } = scene
    const from = { ip: addressIn(attacker, random.below(200)), user_agent: ATTACKER_AGENT }
    const page = urlOf({ app: 'wiki', method: 'GET', path: '/' }, scene.gateway_port)
    for (let guess = 1; guess < GUESSES && !signal.aborted; guess += 1) {
      const signIn = { account: EMERGENCY, password: `Notfall${guess}`, has_key: false }
      await new Browser({ dispatcher: scene.dispatcher }).open(page, from, { signIn })
      await pause(30, signal)
    }
    const intruder = new Browser({ dispatcher: scene.dispatcher })
    const signIn = { account: EMERGENCY, password: scene.accounts.passwordOf(EMERGENCY), has_key: false }
    for (let request = 1; request <= 12 && !signal.aborted; request += 1) {
      const target = { app: 'wiki', method: 'GET', path: `/pages/${request}` } as const
      await intruder.open(urlOf(target, scene.gateway_port), from, { signIn })
      await pause(100, signal)
    }
    await pause(1500, signal)
  },
}
