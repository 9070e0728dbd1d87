import type { Detector, Explanation, SourceActivity } from '../detector.ts'
import { f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { combine, hash32 } from '../state/hash.ts'
import { slots, type Slots } from '../state/form/slots.ts'
import { decay } from '../statistics/decay.ts'

export interface CredentialSwitchOptions {
  readonly halfLifeMs: number
}

/**
 * Credential switch: on a device on which one person works, another account
 * goes on, which has devices of its own and was never there, and to something
 * of a higher tier than the device's people ever reached.
 *
 * Catches credentials of an administrator that were found on somebody's machine
 * and are used from there, and an insider who borrows a colleague's account.
 * Misses a switch to an account that has no device of its own, one on a machine
 * that many share, one whose session is carried to another machine (see
 * `session-replay`), and enforcement points that name no device.
 *
 * False positives: a colleague who signs in at a neighbour's machine, and an
 * administrator who mends something there. Where it leads to nothing sensitive, or
 * to a thing or two of one application, it stays below the first threshold, and so does an
 * administrator who helps at many machines, or proves it with a key at hand. The
 * price: whoever takes no more than that is not found.
 *
 *     score = 1.5 n g (1 + t r)
 *     n = 1 for an account never seen on the device, 0.5 after one calm day, 0 after two
 *     t = 0 below high sensitivity; there 1 where the device's people did not reach it on two
 *         days, 0.75 where they did not with this application, 0.25 where they did
 *     r = 0 for the first sensitive thing of eight hours, 0.25 for two of one application, 1 from
 *         three on, or two of two applications
 *     g = product of gates: proved_with_a_key 0.3 (within the hour, one that can't be phished), shared_device 0.2 (three people or more of two days, or three
 *         newcomers in a month), no_own_device 0.8, 0.3 for an account of which nothing is
 *         known, owner_away 0.3 (the person of the device
 *         was not there the same day, nor eight hours before: the machine is on loan),
 *         helps_elsewhere 0.3 (the account passed through two other machines lately)
 *
 * 0 where nobody has used the device on three days. Days count in UTC.
 *
 * Its p-value is the share of days of single devices that come to as much; the
 * declared threshold is the least, and rises where the budget asks for it.
 *
 * Cost: 19 slots, at most 250 bytes a device; one record a person, device and day,
 * one more on days with something sensitive, and on somebody else's device six.
 *
 * @see Ho, Dhiman, Akhawe, Paxson, Savage, Voelker, Wagner, "Hopper: Modeling and
 *   Detecting Lateral Movement", USENIX Security 2021: a switch of credentials to
 *   where the causal user has no business.
 * @example alice's machine of five days; an administrator with a machine of his own signs in: 1.5; goes on to the vault: 1.5; and to the console: 3.
 */
export function credentialSwitch({
  halfLifeMs = 45 * DAY_MS,
}: Partial<CredentialSwitchOptions> = {}): Detector<SourceActivity, SwitchState> {
  const days = (state: Readonly<SwitchState>, index: number, atMs: number) =>
    state.users.weight(index, atMs, halfLifeMs)
  /** Days before this one on which the account was there. */
  const daysBefore = (state: Readonly<SwitchState>, input: SourceActivity) => {
    const index = state.users.find(input.subject)
    if (index === -1) return 0
    const today = dayOf(state.users.lastMs(index)) === dayOf(input.at_ms)
    return days(state, index, input.at_ms) - (today ? 1 : 0)
  }
  /** Who uses the device most, but for the account itself; -1: nobody on three days. */
  const ownerOf = (state: Readonly<SwitchState>, input: SourceActivity) => {
    let owner = -1
    let most = LEAST_DAYS
    for (let index = 0; index < state.users.capacity; index++) {
      const key = state.users.key(index)
      const weight = days(state, index, input.at_ms)
      if (key === 0 || key === input.subject || weight < most) continue
      owner = index
      most = weight
    }
    return owner
  }
  const gatesOf = (
    state: Readonly<SwitchState>,
    input: SourceActivity,
    owner: number,
  ): Explanation['gates'] => {
    const { habits } = input.activity
    let people = 0
    for (let index = 0; index < state.users.capacity; index++) {
      const key = state.users.key(index)
      if (key !== 0 && key !== input.subject && days(state, index, input.at_ms) >= TWO_DAYS) people += 1
    }
    const newcomers = state.newcomers * decay(input.at_ms - state.last_ms, MONTH_MS)
    const last = state.users.lastMs(owner)
    const gates: { name: string; factor: number }[] = []
    if (habits?.proved_with_a_key === true) gates.push({ name: 'proved_with_a_key', factor: 0.3 })
    if (people >= MANY || newcomers >= MANY) gates.push({ name: 'shared_device', factor: 0.2 })
    if (habits?.own_devices === 0)
      gates.push({ name: 'no_own_device', factor: habits.familiar === undefined ? 0.3 : 0.8 })
    if (dayOf(last) !== dayOf(input.at_ms) && Math.abs(input.at_ms - last) > AWAY_MS)
      gates.push({ name: 'owner_away', factor: 0.3 })
    if ((habits?.passing_devices ?? 0) >= 2) gates.push({ name: 'helps_elsewhere', factor: 0.3 })
    return gates
  }
  const novelty = (state: Readonly<SwitchState>, input: SourceActivity) => {
    if (!input.permitted || input.activity.habits === undefined) return 0
    const before = daysBefore(state, input)
    return before >= TWO_DAYS ? 0 : before >= ONE_DAY ? 0.5 : 1
  }
  const isUsed = (state: Readonly<SwitchState>, app: number, atMs: number) =>
    state.sensitive.weight(state.sensitive.find(app), atMs, halfLifeMs) >= TWO_DAYS
  const tier = (state: Readonly<SwitchState>, input: SourceActivity) => {
    if (input.activity.sensitivity !== 'high') return 0
    if (isUsed(state, input.app, input.at_ms)) return 0.25
    for (let index = 0; index < state.sensitive.capacity; index++)
      if (isUsed(state, state.sensitive.key(index), input.at_ms)) return 0.75
    return 1
  }
  const ungated = (state: Readonly<SwitchState>, input: SourceActivity, owner: number) =>
    owner === -1
      ? 0
      : SWITCH * novelty(state, input) * (1 + tier(state, input) * reachFactor(reachOf(state, input)))
  return {
    id: 'credential-switch',
    version: 2,
    entity: 'device',
    technique: 'T1078',
    thresholds: { medium: 2, high: 3 },
    layout: switchLayout,
    score(state, input) {
      if (novelty(state, input) === 0) return 0
      const owner = ownerOf(state, input)
      const score = ungated(state, input, owner)
      if (score === 0) return 0
      return gatesOf(state, input, owner).reduce((product, { factor }) => product * factor, score)
    },
    ungated: (state, input) => ungated(state, input, ownerOf(state, input)),
    learn(state, input, _population, standing) {
      if (!input.permitted) return
      // What is found teaches no habit, but is a part of what it reaches.
      if (daysBefore(state, input) < TWO_DAYS) noteReach(state, input)
      if (!standing.calm) return
      const atMs = input.at_ms
      const index = state.users.find(input.subject)
      if (index === -1) {
        state.newcomers = state.newcomers * decay(atMs - state.last_ms, MONTH_MS) + 1
        state.last_ms = Math.max(state.last_ms, atMs)
      }
      if (isNewDay(state.users, input.subject, atMs)) state.users.add(input.subject, atMs, halfLifeMs)
      const { sensitive } = state
      if (input.activity.sensitivity === 'high' && isNewDay(sensitive, input.app, atMs))
        sensitive.add(input.app, atMs, halfLifeMs)
    },
    explain(state, input) {
      const owner = ownerOf(state, input)
      const { activity } = input
      const what = activity.app || activity.resource_type
      return {
        cause: 'path',
        evidence: {
          account: activity.subject,
          days_on_device: round(Math.max(0, daysBefore(state, input))),
          days_of_owner: round(days(state, owner, input.at_ms)),
          owner_seen_at: owner === -1 ? null : new Date(state.users.lastMs(owner)).toISOString(),
          people_on_device: state.users.usedSince(1),
          own_devices: activity.habits?.own_devices ?? null,
          resource: `${what} ${activity.resource_id}`.slice(0, 200),
          sensitivity: activity.sensitivity,
          things_and_applications: reachOf(state, input),
          application_used_on_device: isUsed(state, input.app, input.at_ms),
          ip: activity.ip,
        },
        gates: gatesOf(state, input, owner),
        summary:
          `${activity.subject}, who has devices of their own, went on to ${what} (${activity.sensitivity} sensitivity) from the device of somebody else.`.slice(
            0,
            512,
          ),
      }
    },
  }
}

const DAY_MS = 86_400_000
const MONTH_MS = 30 * DAY_MS
const AWAY_MS = 8 * 3_600_000
const SWITCH = 1.5
/** Decayed days: three days of one week are 2.8. */
const LEAST_DAYS = 2.5
const TWO_DAYS = 1.5
const ONE_DAY = 0.5
const MANY = 3
/** How long what a newcomer reaches belongs together. */
const REACH_MS = 8 * 3_600_000
const fields = {
  newcomers: f64,
  last_ms: f64,
  users: slots(6),
  sensitive: slots(8),
  /** Who has come last to whom the device is not habit, and what sensitive things and applications that one reached. */
  newcomer: u32,
  reach: slots(5),
}
const switchLayout = layout(fields)
type SwitchState = StateOf<typeof fields>

/** Different sensitive things that the account has reached here lately, the one in hand included, and their applications. */
function reachOf(state: Readonly<SwitchState>, input: SourceActivity): number {
  if (input.activity.sensitivity !== 'high') return 0
  if (state.newcomer !== input.subject) return 2
  const sinceMs = input.at_ms - REACH_MS
  const isNew = (key: number) => state.reach.lastMs(state.reach.find(key)) < sinceMs
  const more = (isNew(thingOf(input)) ? 1 : 0) + (isNew(input.app) ? 1 : 0)
  return Math.min(state.reach.capacity, state.reach.usedSince(sinceMs) + more)
}

/** Two are a thing and its application, three another thing there, four a third one or another application. */
function reachFactor(reach: number): number {
  return reach >= 4 ? 1 : reach === 3 ? 0.25 : 0
}

function noteReach(state: SwitchState, input: SourceActivity): void {
  if (input.activity.sensitivity !== 'high') return
  if (state.newcomer !== input.subject) {
    state.newcomer = input.subject
    state.reach.clear()
  }
  state.reach.add(thingOf(input), input.at_ms, Infinity)
  state.reach.add(input.app, input.at_ms, Infinity)
}

function thingOf({ activity, app }: SourceActivity): number {
  return combine(app, hash32(activity.resource_id))
}

/** Not counted on this day yet. */
function isNewDay(values: Slots, key: number, atMs: number): boolean {
  const index = values.find(key)
  return index === -1 || dayOf(values.lastMs(index)) < dayOf(atMs)
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
