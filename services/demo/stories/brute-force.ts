import { Browser } from '../browser/browser.ts'
import { addressIn } from '../people/places.ts'
import { urlOf } from '../traffic/worker.ts'
import { ATTACKER_AGENT, pause } from './story.ts'
import type { StoryScript } from './story.ts'

const GUESSES = 24

/** One account's password is guessed in a run, the last guess being right. */
export const bruteForce: StoryScript = {
  id: 'brute-force',
  title: 'guessed password',
  roles: ['engineering', 'operations', 'sales', 'finance', 'people-team'],
  about: 'subject',
  what: ({ victim, attacker }) =>
    `somebody in ${attacker.city} tries ${GUESSES} passwords for ${victim.person.id}, and the last one is right`,

  async run(scene) {
    const { victim, attacker, random, signal } = scene
    const from = { ip: addressIn(attacker, random.below(200)), user_agent: ATTACKER_AGENT }
    const account = victim.person.id
    const intruder = new Browser({ dispatcher: scene.dispatcher })
    const page = urlOf({ app: 'wiki', method: 'GET', path: '/' }, scene.gateway_port)
    for (let guess = 1; guess < GUESSES && !signal.aborted; guess += 1) {
      const password = `Summer20${String(guess).padStart(2, '0')}!`
      await new Browser({ dispatcher: scene.dispatcher }).open(page, from, {
        signIn: { account, password, has_key: false },
      })
      await pause(30, signal)
    }
    const signIn = { account, password: scene.accounts.passwordOf(account), has_key: false }
    await intruder.open(page, from, { signIn })
    for (let request = 1; request <= 40 && !scene.hasChanged() && !signal.aborted; request += 1) {
      await intruder.open(
        urlOf({ app: 'wiki', method: 'GET', path: `/pages/${request}` }, scene.gateway_port),
        from,
        { signIn },
      )
      await pause(20, signal)
    }
    await scene.changed(3000)
  },
}
