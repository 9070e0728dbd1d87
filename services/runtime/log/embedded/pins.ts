import type { ConsumeOptions } from '../event-log.ts'
import type { Committer } from './committer.ts'
import { Fenced, type GroupMember } from './group.ts'
import { Held, isHeld } from './hold.ts'
import { rangeOf, type Lane, type LaneBatch } from './lane.ts'
import type { Store } from './store.ts'

/** A batch whose ranges were written down with the commit of the one before. */
export interface Following {
  readonly batch: LaneBatch
  /** Resolves when they are on disk. */
  readonly durable: Promise<void>
}

interface PinsParts {
  readonly store: Store
  readonly committer: Committer
  readonly member: GroupMember
}

/** The ranges that a `pinned` group writes down before its handler sees them. */
export class Pins {
  readonly #parts: PinsParts
  readonly #options: ConsumeOptions
  readonly #failed: (error: unknown) => void

  constructor(parts: PinsParts, options: ConsumeOptions, failed: (error: unknown) => void) {
    this.#parts = parts
    this.#options = options
    this.#failed = failed
  }

  /** Resolves when the batch's ranges are on disk, so that a crash repeats the same ranges under the same token. */
  async written(lane: Lane, batch: LaneBatch): Promise<void> {
    const { pinning } = lane
    lane.pinning = undefined
    if (pinning !== undefined) {
      try {
        await pinning
      } catch (error) {
        // Whether they are on disk is not known: they are written again.
        lane.pinned = undefined
        throw error
      }
    }
    if (lane.pinned !== undefined) return
    const ranges = batch.parts.map(rangeOf)
    await this.#parts.committer.submit({
      records: [],
      check: () => {
        proveOwned(this.#parts.member, batch)
        if (isHeld(this.#parts.store, this.#options.group)) throw new Held(this.#options.group)
      },
      apply: () => void this.#parts.store.pins.put(this.#row(lane), ranges),
    }).durable
    lane.pinned = ranges
  }

  /** Reads the next batch while one is handled, and tells of it; undefined when there is none or it can't be read. */
  async readAhead(lane: Lane): Promise<LaneBatch | undefined> {
    if (this.#options.pinned !== true) return undefined
    try {
      const batch = await lane.ahead()
      if (batch !== undefined) this.#options.ahead?.(batch)
      return batch
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  /**
   * Inside the transaction that commits the lane's batch: writes the ranges of
   * the upcoming one down in place of its own. False when there is none, or it
   * must not be handed out: the group is held, or a partition is another's.
   */
  turn(lane: Lane, upcoming: LaneBatch | undefined): boolean {
    const { store, member } = this.#parts
    if (
      upcoming === undefined ||
      isHeld(store, this.#options.group) ||
      !upcoming.moves.every(({ claim }) => member.owns(claim))
    ) {
      if (lane.pinned !== undefined) void store.pins.remove(this.#row(lane))
      return false
    }
    void store.pins.put(this.#row(lane), upcoming.parts.map(rangeOf))
    return true
  }

  /** Takes back what no handler has seen, when its lane is given up. */
  async giveBack(lanes: Iterable<Lane>): Promise<void> {
    const unseen = [...lanes].filter(({ pinning }) => pinning !== undefined)
    if (unseen.length === 0) return
    const { store, member, committer } = this.#parts
    await committer.submit({
      records: [],
      apply: () => {
        for (const lane of unseen) {
          // Another owner's is not ours to remove.
          if (lane.claims.every(({ claim }) => member.owns(claim))) void store.pins.remove(this.#row(lane))
        }
      },
    }).visible
  }

  #row(lane: Lane): string {
    return `${this.#options.group}/${lane.name}`
  }
}

/** Under the write lock: of two members that both believe they own a partition, only its owner goes on. */
function proveOwned(member: GroupMember, batch: LaneBatch): void {
  for (const { claim } of batch.moves) {
    if (!member.owns(claim)) throw new Fenced(claim.topic.name, claim.partition)
  }
}

/**
 * Under the write lock: the partition is ours, and the log stands where this batch begins. A lane goes
 * on from the moment a commit is visible; should one that was told so not have
 * come about after all, the next must not step over its records.
 */
export function proveNext(store: Store, member: GroupMember, lane: Lane, batch: LaneBatch): void {
  proveOwned(member, batch)
  for (const { claim } of batch.moves) {
    const mine = lane.claims.find((one) => one.claim === claim)
    const { topic, partition } = claim
    if (mine === undefined || store.offsets.get(member.row(topic.name, partition)) !== mine.next)
      throw new Fenced(topic.name, partition)
  }
}
