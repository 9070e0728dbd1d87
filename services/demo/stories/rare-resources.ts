import { pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** Somebody with the right to read everything reads what neither they nor their colleagues ever read. */
export const rareResources: StoryScript = {
  id: 'rare-resources',
  title: 'insider in the payroll',
  roles: ['people-team'],
  about: 'subject',
  what: ({ victim }) =>
    `${victim.person.id} (${victim.person.role}) may read payroll files, never does, and now reads one after another`,

  async run(scene) {
    const { victim, random, signal } = scene
    const start = random.below(60)
    for (let file = 0; file < 60 && !scene.hasChanged() && !signal.aborted; file += 1) {
      await victim.open(
        { app: 'records', method: 'GET', path: `/payroll/${1 + ((start + file) % 60)}` },
        Date.now(),
      )
      await pause(60, signal)
    }
    await scene.changed(3000)
  },
}
