import { isManaged } from '../devices/fleet.ts'
import type { Target } from '../people/person.ts'
import { pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** What each role may see that is sensitive. */
const SENSITIVE: Readonly<Partial<Record<string, Target>>> = {
  'people-team': { app: 'records', method: 'GET', path: '/people/17' },
  operations: { app: 'deploy', method: 'GET', path: '/secrets' },
}

/** A laptop falls out of order, and its owner goes on to something sensitive. */
export const fallenDevice: StoryScript = {
  id: 'fallen-device',
  title: 'device out of order',
  roles: ['people-team', 'operations'],
  about: 'subject',
  fits: isManaged,
  what: ({ victim }) =>
    `the management of ${victim.person.computer} says that its disk is not encrypted any more; ${victim.person.id} works on with it`,

  async run(scene) {
    const { victim, signal, fleet } = scene
    const { role, habits, computer } = victim.person
    const usual = habits[0]?.target
    if (usual) await victim.open(usual, Date.now())
    await fleet.fall(computer)
    await pause(500, signal)
    const target = SENSITIVE[role] ?? usual
    if (target === undefined) return
    for (let step = 0; step < 6 && !scene.hasChanged() && !signal.aborted; step += 1) {
      await victim.open(target, Date.now())
      await pause(300, signal)
    }
    await scene.changed(2000)
  },
}
