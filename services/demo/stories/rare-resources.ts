import { pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** Somebody with the right to export the payroll does what neither they nor their colleagues ever do. */
export const rareResources: StoryScript = {
  id: 'rare-resources',
  title: 'insider in the payroll',
  roles: ['people-team'],
  about: 'subject',
  what: ({ victim }) =>
    `${victim.person.id} (${victim.person.role}) may export the payroll, never did, and now takes one year after another`,

  async run(scene) {
    const { victim, signal } = scene
    for (let step = 0; step < 40 && !scene.hasChanged() && !signal.aborted; step += 1) {
      await victim.open({ app: 'records', method: 'GET', path: `/export/${2010 + (step % 17)}` }, Date.now())
      await pause(60, signal)
    }
    await scene.changed(3000)
  },
}
