import type { Target } from '../people/person.ts'
import { pause } from './story.ts'
import type { StoryScript } from './story.ts'

/** One thing that somebody never asked for is a link that they were sent; several, of which their colleagues ask for none, are not. */
const FIRST: readonly Target[] = [
  { app: 'records', method: 'GET', path: '/payroll/7' },
  { app: 'wiki', method: 'GET', path: '/admin' },
  { app: 'deploy', method: 'GET', path: '/secrets' },
]

/** Somebody with the right to read and export the payroll does what neither they nor their colleagues ever do. */
export const rareResources: StoryScript = {
  id: 'rare-resources',
  title: 'insider in the payroll',
  roles: ['people-team'],
  about: 'subject',
  what: ({ victim }) =>
    `${victim.person.id} (${victim.person.role}) looks at somebody's pay, tries two places that are closed to them, and takes the payroll year by year: they may, and never did`,

  async run(scene) {
    const { victim, signal } = scene
    for (let step = 0; step < 40 && !scene.hasChanged() && !signal.aborted; step += 1) {
      const year: Target = { app: 'records', method: 'GET', path: `/export/${2010 + (step % 17)}` }
      await victim.open(FIRST[step] ?? year, Date.now())
      await pause(60, signal)
    }
    await scene.changed(3000)
  },
}
