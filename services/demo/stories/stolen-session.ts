import { Browser } from '../browser/browser.ts'
import { whereabouts } from '../people/day.ts'
import { addressIn } from '../people/places.ts'
import { urlOf } from '../traffic/worker.ts'
import { ATTACKER_AGENT, pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** A session cookie is stolen and used from far away, while its owner works on with a live log open. */
export const stolenSession: StoryScript = {
  id: 'stolen-session',
  title: 'stolen session',
  roles: ['engineering', 'operations'],
  about: 'subject',
  what: ({ victim, attacker }) =>
    `${victim.person.id}'s session cookie is copied and used from ${attacker.city} with another browser`,

  async run(scene) {
    const { victim, attacker, random, signal } = scene
    const now = Date.now()
    const here = whereabouts(victim.person, now)
    const from = { ip: here.ip, user_agent: here.agent.user_agent, device: here.device }
    // Given: the owner works, and watches a live stream.
    await victim.open({ app: 'deploy', method: 'GET', path: '/builds' }, now)
    const open = new AbortController()
    const end = (): void => open.abort()
    signal.addEventListener('abort', end)
    const streamUrl = urlOf({ app: 'deploy', method: 'GET', path: '/logs/stream' }, scene.gateway_port)
    await victim.browser(here.agent.kind).stream(streamUrl, from, open.signal, (atMs) => {
      if (!open.signal.aborted) scene.streamCut(atMs)
    })
    await pause(1500, signal)

    // When: a thief has the cookie, but not the way to the identity provider.
    const jar = victim.browser(here.agent.kind).jar.copy()
    jar.forget('localhost')
    const thief = new Browser({ dispatcher: scene.dispatcher, jar })
    const thiefFrom = { ip: addressIn(attacker, random.below(200)), user_agent: ATTACKER_AGENT }
    for (let request = 0; request < 40 && !scene.hasRevoked() && !signal.aborted; request += 1) {
      const target = { app: 'deploy', method: 'GET', path: `/services/${1 + random.below(12)}` } as const
      await thief.open(urlOf(target, scene.gateway_port), thiefFrom)
      await pause(20, signal)
    }
    await scene.changed(3000)
    await pause(1000, signal)
    open.abort()
    signal.removeEventListener('abort', end)
  },
}
