import type { Logger } from 'pino'
import type { LogTopic } from '../../../../schemas/topics.ts'
import type { Consumption, ConsumeOptions, OutRecord } from '../event-log.ts'
import type { LogMetrics } from '../log-metrics.ts'
import type { Committer } from './committer.ts'
import { Drains } from './drains.ts'
import { Fenced, type Claim, type GroupMember } from './group.ts'
import { Held, isHeld } from './hold.ts'
import { Lane, type LaneBatch } from './lane.ts'
import { Pins, proveNext, type Following } from './pins.ts'
import type { Store } from './store.ts'
import { Takings } from './taking.ts'
import { Waker } from '../../waker.ts'

/** How often a member looks whether others came or died, and for what a lost bell did not tell. */
const LOOK_MS = 500
const IDLE_MS = 1_000

export interface ConsumptionParts {
  readonly store: Store
  readonly committer: Committer
  readonly member: GroupMember
  readonly logger: Logger | undefined
  readonly metrics: LogMetrics | undefined
  /** Tells other members, here and in other processes, that the sharing may have changed. */
  readonly membersChanged: () => void
}

/**
 * One member of a group: takes its share of the partitions, and for each batch
 * runs `handle`, then commits outputs and offsets in one transaction.
 *
 * One batch is in hand at a time. The commit first proves, under the write
 * lock, that the partition is still ours; so of two members that both believe
 * they own one, only the owner's work comes into being.
 */
export class EmbeddedConsumption implements Consumption {
  readonly #parts: ConsumptionParts
  readonly #options: ConsumeOptions
  readonly #waker = new Waker()
  readonly #lanes = new Map<string, Lane>()
  readonly #takings: Takings
  readonly #pins: Pins
  #sharing = true
  #looked = 0
  #turn = 0
  #stopping = false
  readonly #ended: Promise<void>
  readonly #drains = new Drains(() => this.#stopping)

  constructor(parts: ConsumptionParts, options: ConsumeOptions) {
    this.#parts = parts
    this.#options = options
    this.#pins = new Pins(parts, options, (error) => this.#failed(error))
    this.#takings = new Takings(
      options.assigned,
      (error) => this.#failed(error),
      (claim, next) => {
        this.#open(claim, next)
        this.#waker.wake()
      },
    )
    this.#ended = this.#loop()
  }

  /** Something was committed somewhere; `members`: the sharing may have changed. */
  wake(members: boolean): void {
    if (members) this.#sharing = true
    this.#drains.look()
    this.#waker.wake()
  }

  async drained(): Promise<void> {
    await this.#drains.reached(this.#parts, this.#options.topics)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#waker.wake()
    await this.#ended
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      try {
        const now = Date.now()
        if (this.#sharing || now - this.#looked >= LOOK_MS) {
          this.#sharing = false
          this.#looked = now
          await this.#share()
        }
        const lane = this.#ready(now)
        if (lane !== undefined) await this.#handle(lane)
        else await this.#waker.sleep(this.#pause(Date.now()))
      } catch (error) {
        this.#parts.logger?.error(
          { err: error, group: this.#options.group },
          'event log: consuming failed, trying again',
        )
        await this.#waker.sleep(IDLE_MS)
      }
    }
    await this.#leave()
    this.#drains.look()
  }

  /** The next lane with a batch, in turn, so that a busy partition doesn't starve the others. */
  #ready(now: number): Lane | undefined {
    const lanes = [...this.#lanes.values()]
    const held = this.#options.pinned === true && isHeld(this.#parts.store, this.#options.group)
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[(this.#turn + i) % lanes.length]
      if (lane === undefined || (lane.held !== undefined && lane.notBefore > now)) continue
      // What is written down is finished, so that a copy may begin; nothing new is.
      if (held && lane.pinned === undefined) continue
      if (!lane.ready(now)) continue
      this.#turn = (this.#turn + i + 1) % lanes.length
      return lane
    }
    return undefined
  }

  #pause(now: number): number {
    let pause = Math.min(IDLE_MS, Math.max(0, this.#looked + LOOK_MS - now))
    for (const { notBefore } of this.#lanes.values()) {
      if (notBefore > now) pause = Math.min(pause, notBefore - now)
    }
    return pause
  }

  async #handle(lane: Lane): Promise<void> {
    const batch = await lane.next()
    if (batch === undefined) return
    const began = performance.now()
    let outputs: readonly OutRecord[] = []
    let upcoming: LaneBatch | undefined
    let following: Following | undefined
    try {
      if (batch.parts.length > 0) {
        if (this.#options.pinned === true) await this.#pins.written(lane, batch)
        const reading = this.#pins.readAhead(lane)
        outputs = await this.#options.handle(batch)
        upcoming = await reading
      }
      following = await this.#commit({ lane, batch, outputs, upcoming })
    } catch (error) {
      if (error instanceof Fenced) {
        this.#parts.metrics?.fenced(this.#options.group)
        await this.#drop(lane)
        this.#sharing = true
        return
      }
      if (error instanceof Held) return
      lane.failed(Date.now())
      this.#failed(error)
      return
    }
    lane.done(batch, following)
    const seconds = (performance.now() - began) / 1000
    for (const { topic, records } of batch.parts) {
      this.#parts.metrics?.handled(this.#options.group, topic.name, records.length, seconds)
    }
  }

  /** Commits a batch; with it, the ranges of the upcoming one are written down, so that one flush serves both. */
  async #commit(done: {
    readonly lane: Lane
    readonly batch: LaneBatch
    readonly outputs: readonly OutRecord[]
    readonly upcoming: LaneBatch | undefined
  }): Promise<Following | undefined> {
    const { lane, batch, outputs, upcoming } = done
    const { store, member, committer } = this.#parts
    let follows = false
    const { visible, durable } = committer.submit({
      records: outputs,
      check: () => proveNext(store, member, lane, batch),
      apply: () => {
        for (const { claim, next } of batch.moves) {
          void store.offsets.put(member.row(claim.topic.name, claim.partition), next)
        }
        follows = this.#pins.turn(lane, this.#stopping ? undefined : upcoming)
      },
    })
    await visible
    return follows && upcoming ? { batch: upcoming, durable } : undefined
  }

  #failed(error: unknown): void {
    this.#parts.metrics?.failed(this.#options.group)
    try {
      this.#options.failed?.(error)
    } catch (fault) {
      this.#parts.logger?.error(
        { err: fault, group: this.#options.group },
        'event log: the failure callback failed',
      )
    }
  }

  /** Gives up what is another's now, then takes what is ours and free. */
  async #share(): Promise<void> {
    const { store, committer, member } = this.#parts
    const wanted = member.wanted()
    const isWanted = ({ topic, partition }: Claim) =>
      wanted.some((other) => other.topic.name === topic.name && other.partition === partition)
    for (const lane of this.#lanes.values()) {
      const mine = lane.claims.map(({ claim }) => claim)
      if (mine.every((claim) => isWanted(claim) && member.owns(claim))) continue
      await this.#drop(lane)
    }
    await this.#abandon((claim) => !isWanted(claim) || !member.owns(claim))
    const missing = wanted.filter(
      ({ topic, partition }) =>
        !this.#takings.has(topic, partition) &&
        !this.#lanes
          .get(this.#laneName(topic, partition))
          ?.claims.some(({ claim }) => claim.partition === partition),
    )
    if (missing.length === 0) return
    const got: { claim: Claim; next: number }[] = []
    await committer.submit({
      records: [],
      apply: () => {
        for (const { topic, partition } of missing) {
          const claim = member.claim(topic, partition)
          if (claim === undefined) continue
          const row = member.row(topic.name, partition)
          const head = store.head(topic.name, partition)
          const next = store.offsets.get(row) ?? (this.#options.from === 'latest' ? head.next : head.low)
          // Written at once, so that a group that begins at the end keeps its beginning over a crash.
          void store.offsets.put(row, next)
          got.push({ claim, next })
        }
      },
    }).visible
    const taken = got.map(({ claim, next }) => this.#takings.begin(claim, next))
    // A batch over all partitions that comes again must find them all.
    if (this.#options.span === 'group') await Promise.all(taken)
  }

  #open(claim: Claim, next: number): void {
    const { store } = this.#parts
    const name = this.#laneName(claim.topic, claim.partition)
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = new Lane(store, this.#options, claim.topic, name)
      if (this.#options.pinned === true) lane.pinned = store.pins.get(`${this.#options.group}/${name}`)
      this.#lanes.set(name, lane)
    }
    lane.claims.push({ claim, next })
  }

  /** Gives up partitions whose state is being loaded. */
  async #abandon(which: (claim: Claim) => boolean): Promise<void> {
    for (const { claim, ended } of this.#takings.giveUp(which)) await this.#release([claim], ended)
  }

  async #drop(lane: Lane): Promise<void> {
    this.#lanes.delete(lane.name)
    await this.#pins.giveBack([lane])
    await this.#release(lane.claims.map(({ claim }) => claim))
  }

  /** Tells that partitions are another's, and lets them go once `loading` has ended. */
  async #release(claims: readonly Claim[], loading?: Promise<unknown>): Promise<void> {
    for (const { topic, partition } of claims) await this.#options.revoked?.(topic, partition)
    await loading
    const apply = () => claims.forEach((claim) => this.#parts.member.release(claim))
    await this.#parts.committer.submit({ records: [], apply }).visible
    this.#parts.membersChanged()
  }

  async #leave(): Promise<void> {
    await this.#abandon(() => true)
    const claims = [...this.#lanes.values()].flatMap((lane) => lane.claims.map(({ claim }) => claim))
    for (const { topic, partition } of claims) await this.#options.revoked?.(topic, partition)
    await this.#pins.giveBack(this.#lanes.values())
    this.#lanes.clear()
    await this.#parts.committer.submit({ records: [], apply: () => this.#parts.member.leave(claims) }).visible
    this.#parts.membersChanged()
  }

  #laneName(topic: LogTopic, partition: number): string {
    return this.#options.span === 'group' ? topic.name : `${topic.name}/${partition}`
  }
}
