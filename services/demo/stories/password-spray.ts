import { Browser } from '../browser/browser.ts'
import { addressIn } from '../people/places.ts'
import { urlOf } from '../traffic/worker.ts'
import { ATTACKER_AGENT, pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** One password is tried on many accounts, and fits one of them. */
export const passwordSpray: StoryScript = {
  id: 'password-spray',
  title: 'password spray',
  roles: ['engineering', 'sales', 'operations'],
  about: 'source',
  what: ({ attacker, victim }) =>
    `one password is tried on every account from ${attacker.city}, and fits ${victim.person.id}`,

  async run(scene) {
    const { victim, attacker, random, signal } = scene
    const from = { ip: addressIn(attacker, random.below(200)), user_agent: ATTACKER_AGENT }
    const page = urlOf({ app: 'wiki', method: 'GET', path: '/' }, scene.gateway_port)
    const others = scene.everyone.filter((worker) => worker !== victim)
    for (const other of others) {
      if (signal.aborted) return
      const signIn = { account: other.person.id, password: 'Welcome-2026', has_key: false }
      await new Browser({ dispatcher: scene.dispatcher }).open(page, from, { signIn })
      await pause(20, signal)
    }
    const intruder = new Browser({ dispatcher: scene.dispatcher })
    const signIn = {
      account: victim.person.id,
      password: scene.accounts.passwordOf(victim.person.id),
      has_key: false,
    }
    await intruder.open(page, from, { signIn })
    for (let request = 1; request <= 20 && !scene.hasChanged() && !signal.aborted; request += 1) {
      await intruder.open(
        urlOf({ app: 'wiki', method: 'GET', path: `/pages/${request}` }, scene.gateway_port),
        from,
        { signIn },
      )
      await pause(50, signal)
    }
    await scene.changed(3000)
  },
}
