import { setTimeout as pause } from 'node:timers/promises'
import { GatewatchError } from '../../errors.ts'
import type { Committer } from './committer.ts'
import { isAlive, leaseOf } from './processes.ts'
import type { ProcessRow, Store } from './store.ts'

/** Well within a lease, so that one late turn of the event loop doesn't void the hold. */
const RENEW_MS = 1_000
const LOOK_MS = 20

/** A batch could not be written down, since its group is held: it comes again afterwards. */
export class Held extends Error {
  constructor(group: string) {
    super(`the group ${group} is held while its store is copied`)
    this.name = 'Held'
  }
}

export interface Hold {
  /** Whether it was in force all the time: a lease that ran out let batches through. */
  intact(): boolean
  release(): Promise<void>
}

/** Whether a living process holds the group. One that died holds nothing: its row is void with it. */
export function isHeld(store: Store, group: string): boolean {
  const row = store.holds.get(group)
  return row !== undefined && isAlive(row)
}

/**
 * Lets a group that writes to a store outside the log finish the batch that it
 * has written down, and hands it no new one until released. Then every row of
 * the store lies before the group's offsets and none behind: store and log can
 * be copied one after the other and agree. Appending goes on; only the group
 * waits.
 *
 * @throws GatewatchError `ERR_BACKUP` when another copy holds the group, or the
 *   batch in hand is not finished within `timeout_ms`.
 */
export async function holdGroup(
  store: Store,
  committer: Committer,
  group: string,
  timeout_ms: number,
): Promise<Hold> {
  const mine = leaseOf('')
  let other: ProcessRow | undefined
  await committer.submit({
    records: [],
    apply: () => {
      const row = store.holds.get(group)
      other = row !== undefined && isAlive(row) ? row : undefined
      if (other === undefined) void store.holds.put(group, mine)
    },
  }).visible
  if (other !== undefined)
    throw new GatewatchError(
      'ERR_BACKUP',
      `Another backup of this data directory is under way (process ${other.pid}); wait for it to end.`,
      { retriable: true },
    )
  const lease = { good_until_ms: mine.expires_ms, broken: false }
  const renew = async (): Promise<void> => {
    if (Date.now() >= lease.good_until_ms) lease.broken = true
    const row = leaseOf('')
    await committer.submit({ records: [], apply: () => void store.holds.put(group, row) }).visible
    lease.good_until_ms = row.expires_ms
  }
  let renewing: Promise<void> = Promise.resolve()
  // A renewal that fails leaves the lease to run out, which `intact` tells.
  const timer = setInterval(() => {
    renewing = renew().catch(() => {})
  }, RENEW_MS)
  const release = async (): Promise<void> => {
    clearInterval(timer)
    await renewing
    await committer.submit({ records: [], apply: () => void store.holds.remove(group) }).visible
  }
  const intact = () => !lease.broken && Date.now() < lease.good_until_ms
  for (const deadline = Date.now() + timeout_ms; ; await pause(LOOK_MS)) {
    store.refresh()
    if (!hasPin(store, group)) return { intact, release }
    if (Date.now() < deadline) continue
    await release()
    throw new GatewatchError(
      'ERR_BACKUP',
      `The group ${group} has a block half stored and does not finish it; start gatewatch with the ${group} role and a store that answers, then back up again.`,
      { retriable: true },
    )
  }
}

function hasPin(store: Store, group: string): boolean {
  for (const key of store.pins.getKeys({ start: `${group}/`, end: `${group}0`, limit: 1 }))
    return key !== undefined
  return false
}
