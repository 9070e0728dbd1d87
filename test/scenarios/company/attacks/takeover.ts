import { PERMIT, signIn, type Draft, type Origin, type Said } from '../drafts.ts'
import { HOUR, MINUTE } from '../time.ts'
import { by, subjectOf, type Scenario, type Scene } from './scene.ts'
import { before, hourOf, loot, sourceOf, stolen, thief, vantagesOf } from './thief.ts'

const WRONG: Said = { outcome: 'deny', reasons: ['credentials_rejected'] }
const NOBODY: Said = { outcome: 'deny', reasons: ['account_unknown'] }
const ASKED: Said = { outcome: 'step_up', reasons: ['step_up_required'] }
const NO: Said = { outcome: 'deny', reasons: ['mfa_rejected'] }

/** Stolen pairs are tried until one of somebody's works; the second factor is phished. */
export const accountTakeover: Scenario = (scene) => {
  const { difficulty, victim, dice } = scene
  const failures = by(difficulty, dice.whole(10, 20), dice.whole(4, 6), dice.whole(1, 2))
  const pause = by(difficulty, 15_000, 20 * MINUTE, 6 * HOUR)
  const home = thief(scene)
  const entered = hourOf(scene) + 12 * HOUR
  const session = stolen(scene, entered)
  const drafts: Draft[] = []
  const sources = [sourceOf(home)]
  for (let index = failures; index > 0; index--) {
    const origin = difficulty === 'right_country' ? thief(scene) : home
    sources.push(sourceOf(origin))
    drafts.push(signIn(entered - index * pause * dice.between(0.8, 1), before(session), origin, WRONG))
    if (difficulty !== 'naive') continue
    const other = thief(scene)
    sources.push(sourceOf(other))
    drafts.push(...strangers(scene, other, entered - index * pause))
  }
  drafts.push(signIn(entered, session, home, PERMIT, '/mfa'), ...loot(scene, session, home, entered + MINUTE))
  return { entity: subjectOf(victim), also: [...sources, { type: 'session', id: session.id }], drafts }
}

/** The rest of the list: accounts that do not exist here. */
function strangers({ dice }: Scene, origin: Origin, atMs: number): Draft[] {
  return [0, 1].map((index) =>
    signIn(
      atMs + index * 700,
      { subject: { type: 'user', id: `${dice.hex(6)}@mail` }, groups: [], amr: [] },
      origin,
      NOBODY,
    ),
  )
}

/** One or two likely passwords for many accounts, low and slow, at last from many networks. One account gives way. */
export const passwordSpray: Scenario = (scene) => {
  const { difficulty, victim, everybody, dice } = scene
  const accounts = dice
    .shuffled(everybody.filter(({ id }) => id !== victim.id).slice(0, 600))
    .slice(0, by(difficulty, 60, 40, 80))
  const [pause, networks] = by<[number, number]>(difficulty, [40_000, 1], [9 * MINUTE, 5], [15 * MINUTE, 70])
  const origins = Array.from({ length: networks }, () => thief(scene))
  const start = hourOf(scene)
  const drafts: Draft[] = []
  let at = start
  for (const who of accounts) {
    const account = { subject: { type: 'user' as const, id: who.id }, groups: [], amr: [] }
    drafts.push(signIn(at, account, dice.pick(origins), WRONG))
    at += pause * dice.between(0.5, 1.5)
  }
  const session = stolen(scene, at)
  const origin = dice.pick(origins)
  drafts.push(signIn(at, session, origin, PERMIT, '/mfa'), ...loot(scene, session, origin, at + MINUTE))
  const sources = origins.flatMap(vantagesOf)
  return {
    entity: sources[0] ?? subjectOf(victim),
    also: [...sources, subjectOf(victim), { type: 'session', id: session.id }],
    drafts,
  }
}

/** The password is known; the owner is asked until one prompt is confirmed. */
export const mfaFatigue: Scenario = (scene) => {
  const { difficulty, victim, dice } = scene
  const [prompts, pause] = by<[number, number]>(difficulty, [25, 25_000], [10, 4 * MINUTE], [4, 20 * MINUTE])
  const origin = thief(scene)
  const start = hourOf(scene)
  let at = start
  const session = stolen(scene, start)
  const drafts = [signIn(at, before(session), origin, ASKED)]
  for (let index = 0; index < prompts; index++) {
    at += pause * dice.between(0.7, 1.3)
    drafts.push(signIn(at, before(session), origin, NO, '/mfa'))
  }
  at += pause
  drafts.push(
    signIn(at, { ...session, since_ms: at }, origin, PERMIT, '/mfa'),
    ...loot(scene, { ...session, since_ms: at }, origin, at + MINUTE),
  )
  return { entity: subjectOf(victim), also: [sourceOf(origin), { type: 'session', id: session.id }], drafts }
}

/** Somebody who left, and whose account was forgotten. */
export const dormantRevived: Scenario = (scene) => {
  const { victim, day, days } = scene
  if (day - victim.lastDay < 0.25 * days) return null
  const origin = thief(scene)
  const at = hourOf(scene)
  const session = stolen(scene, at)
  return {
    entity: subjectOf(victim),
    also: [sourceOf(origin), { type: 'session', id: session.id }],
    drafts: [signIn(at, session, origin, PERMIT, '/mfa'), ...loot(scene, session, origin, at + MINUTE)],
  }
}
