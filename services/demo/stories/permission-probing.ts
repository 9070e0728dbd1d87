import { pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** So many in any case, so that there is a burst to be found. */
const LEAST = 24

/** Somebody tries, one after another, files that they have no right to. */
export const permissionProbing: StoryScript = {
  id: 'permission-probing',
  title: 'permission probing',
  roles: ['engineering', 'sales'],
  about: 'subject',
  what: ({ victim }) =>
    `${victim.person.id} (${victim.person.role}) tries payroll files one after another, and is refused each`,

  async run(scene) {
    const { victim, random, signal } = scene
    for (let file = 0; file < 60 && (file < LEAST || !scene.hasChanged()) && !signal.aborted; file += 1) {
      await victim.open(
        { app: 'records', method: 'GET', path: `/payroll/${1 + random.below(60)}` },
        Date.now(),
      )
      await pause(20, signal)
      // In between the wiki, which everybody may read: there the change shows.
      if (file % 4 === 3)
        await victim.open({ app: 'wiki', method: 'GET', path: `/pages/${1 + random.below(40)}` }, Date.now())
      // And the builds, where risk is only watched: there it shows what enforcing would change.
      if (file % 8 === 7 && victim.person.role === 'engineering')
        await victim.open({ app: 'deploy', method: 'GET', path: '/builds' }, Date.now())
    }
    await scene.changed(3000)
  },
}
