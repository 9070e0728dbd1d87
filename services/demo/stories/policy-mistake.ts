import { isWorking } from '../people/day.ts'
import type { Target } from '../people/person.ts'
import type { Worker } from '../traffic/worker.ts'
import { pause, type Scene, type StoryScript } from './story.ts'

const BUILDS: Target = { app: 'deploy', method: 'GET', path: '/builds' }
const PEOPLE: Target = { app: 'records', method: 'GET', path: '/people' }
/** The list of people is not for sales any more: meant, and it stays. */
const MEANT = { 'records-people': '"people-team" in subject.groups || "finance" in subject.groups' }
/** Builds are not for engineering any more: a group was forgotten. */
const MISTAKE = { 'deploy-builds': '"operations" in subject.groups' }
/** The gateway looks at its policy once a second. */
const IN_FORCE_MS = 2500
const MOST_PEOPLE = 10

/** A new revision of the policy refuses people who were let in until then; half of it is a mistake and taken back. */
export const policyMistake: StoryScript = {
  id: 'policy-mistake',
  title: 'mistake in the policy',
  roles: ['engineering'],
  about: 'subject',
  once: true,
  unchanged:
    'refused whom the new rules leave out, and risk touched nobody; engineering has its builds again, sales stays without the list, as was meant',
  what: () =>
    'a new revision of the policy closes the list of people to sales, and the builds to engineering, which nobody meant',

  async run(scene) {
    const { everyone, policy, signal } = scene
    const now = Date.now()
    const of = (role: string) =>
      everyone.filter(({ person }) => person.role === role && isWorking(person, now)).slice(0, MOST_PEOPLE)
    await eachOpens(of('sales'), PEOPLE, scene)
    await policy.revise({ ...MEANT, ...MISTAKE })
    await pause(IN_FORCE_MS, signal)
    await eachOpens(of('engineering'), BUILDS, scene)
    await eachOpens(of('sales'), PEOPLE, scene)
    await pause(2000, signal)
    await policy.revise(MEANT)
    await pause(IN_FORCE_MS, signal)
    await eachOpens(of('engineering'), BUILDS, scene)
  },
}

async function eachOpens(workers: readonly Worker[], target: Target, { signal }: Scene): Promise<void> {
  for (const worker of workers) {
    if (signal.aborted) return
    await worker.open(target, Date.now())
    await pause(100, signal)
  }
}
