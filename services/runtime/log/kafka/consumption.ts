import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { LogTopic } from '../../../../schemas/topics.ts'
import type { Consumption, ConsumeOptions, OutRecord } from '../event-log.ts'
import type { LogMetrics } from '../log-metrics.ts'
import type { Part } from './assign.ts'
import { Budget } from './budget.ts'
import { claim, type Claimed } from './claims.ts'
import { Fetcher } from './fetcher.ts'
import { Fenced, GroupCommitter } from './group-committer.ts'
import type { AssignmentMessage } from './group-messages.ts'
import { LanePart } from './lane-part.ts'
import { Lane, type LaneBatch } from './lane.ts'
import { Member } from './member.ts'
import type { Names } from './names.ts'
import { committedOf, watermarksOf } from './offsets.ts'
import { Pauses } from './pauses.ts'
import { checkRecords, piecesOf } from './pieces.ts'
import { Transactor, type Written } from './transactor.ts'
import { Turns } from './turns.ts'
import { isPassing, toLogError } from './wire/faults.ts'
import type { Membership } from './wire/group-requests.ts'
import type { Link } from './wire/link.ts'
import type { Compression } from './wire/record-batch.ts'

/** Read ahead, over all partitions; each may have one fetch more. */
const BUDGET_BYTES = 64 * 1024 * 1024
/** How long a batch in hand may take when its partition is to be given up. */
const LET_GO_MS = 8_000
const JOIN_MS = 5_000
const TRANSACTORS = 2

export interface ConsumptionParts {
  readonly openLink: () => Link
  readonly names: Names
  readonly compression: Compression
  readonly session_ms: number
  readonly logger: Logger
  readonly metrics: LogMetrics | undefined
  /** Resolves when the tables of this client show what was just committed. */
  readonly shown: (written: readonly Written[]) => Promise<void>
  readonly ended: (consumption: KafkaConsumption) => void
}

/** One member of a group: lanes that read, handle and commit, for as long as the group says they are ours. */
export class KafkaConsumption implements Consumption {
  readonly #parts: ConsumptionParts
  readonly #options: ConsumeOptions
  readonly #links: readonly [group: Link, data: Link, fetch: Link]
  readonly #group: string
  readonly #ids: readonly string[]
  readonly #fetcher: Fetcher
  readonly #committer: GroupCommitter
  readonly #member: Member
  readonly #budget = new Budget(BUDGET_BYTES)
  readonly #lanes = new Map<string, Lane>()
  readonly #turns = new Turns()
  readonly #topics: ReadonlyMap<string, LogTopic>
  #living: readonly string[] = []
  #stopping: Promise<void> | undefined

  constructor(parts: ConsumptionParts, options: ConsumeOptions) {
    this.#parts = parts
    this.#options = options
    const { names, compression, metrics } = parts
    this.#links = [parts.openLink(), parts.openLink(), parts.openLink()]
    const [group, data, fetch] = this.#links
    this.#group = names.group(options.group)
    const me = `${options.group}.${randomUUID()}`
    this.#ids = Array.from({ length: TRANSACTORS }, (_, index) => names.transaction(`${me}.${index}`))
    const failed = (error: unknown) => this.#note(error)
    this.#fetcher = new Fetcher({ link: fetch, failed })
    const transactors = this.#ids.map(
      (id) => new Transactor({ link: data, id, names, compression, metrics, ending_ms: 6_000 }),
    )
    this.#committer = new GroupCommitter({
      link: data,
      member: () => this.#member,
      transactors,
      metrics,
      failed,
    })
    this.#topics = new Map(options.topics.map((topic) => [names.topic(topic), topic]))
    this.#member = new Member({
      link: group,
      group: this.#group,
      session_ms: parts.session_ms,
      topics: new Map(options.topics.map((topic) => [names.topic(topic), names.partitions(topic)])),
      whole: options.span === 'group',
      transactional: () => this.#ids,
      owned: () => this.#owned(),
      assigned: (assignment, as) => this.#assigned(assignment, as),
      lost: () => this.#lost(),
      failed,
    })
  }

  /** Resolves when the group has taken us in, or brokers are away (then it goes on by itself); rejects when we may not. */
  async joined(): Promise<void> {
    try {
      await Promise.race([this.#member.joined, sleep(JOIN_MS)])
    } catch (error) {
      await this.stop()
      throw toLogError(error)
    }
  }

  async drained(): Promise<void> {
    const [, link] = this.#links
    const targets: (Part & { high: number })[] = []
    for (const topic of this.#options.topics) {
      for (const { partition, high, low } of await watermarksOf(link, this.#parts.names, topic)) {
        if (high > low) targets.push({ topic: this.#parts.names.topic(topic), partition, high })
      }
    }
    for (let pause = 5; this.#stopping === undefined; pause = Math.min(pause * 1.5, 200)) {
      const found = await committedOf(link, this.#group, targets, { stable: false })
      const reached = ({ topic, partition, high }: Part & { high: number }) =>
        found.some((one) => one.topic === topic && one.partition === partition && one.offset >= high)
      if (targets.every(reached)) return
      await sleep(pause)
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => this.#letGo(lane)))
    await this.#member.leave()
    await this.#fetcher.close()
    await Promise.all(this.#links.map((link) => link.close()))
    this.#parts.ended(this)
  }

  #assigned({ parts, living }: AssignmentMessage, as: Membership): void {
    if (this.#stopping !== undefined) return
    this.#living = living
    const wanted = new Map<string, Part[]>()
    for (const part of parts) {
      const name = this.#options.span === 'group' ? part.topic : `${part.topic}/${part.partition}`
      const same = wanted.get(name)
      if (same === undefined) wanted.set(name, [part])
      else same.push(part)
    }
    const gone = [...this.#lanes.values()].filter(({ name }) => !wanted.has(name))
    if (gone.length > 0) {
      void Promise.all(gone.map((lane) => this.#letGo(lane))).then(() => this.#member.rejoin())
    }
    const fresh: Lane[] = []
    for (const [name, some] of wanted) {
      const topic = this.#topics.get(some[0]?.topic ?? '')
      if (this.#lanes.has(name) || topic === undefined) continue
      const lane = new Lane(
        name,
        topic,
        some.map(({ partition }) => partition).sort((a, b) => a - b),
        this.#options,
      )
      this.#lanes.set(name, lane)
      fresh.push(lane)
    }
    if (fresh.length > 0) void this.#begin(fresh, as)
  }

  /** Claims partitions, all at once, then starts their lanes. */
  async #begin(lanes: readonly Lane[], first: Membership): Promise<void> {
    const pauses = new Pauses(20, 1_000)
    for (let as = first; ; as = this.#member.as) {
      const still = lanes.filter((lane) => this.#lanes.get(lane.name) === lane && lane.state === 'claiming')
      if (still.length === 0) return
      const parts = still.flatMap((lane) => this.#partsOf(lane))
      try {
        const from = this.#options.from ?? 'earliest'
        const claimed = await claim(parts, as, this.#living, { link: this.#links[1], ids: this.#ids, from })
        for (const lane of still) this.#start(lane, claimed)
        return
      } catch (error) {
        this.#note(error)
        this.#links[1].doubt(error)
        if (!isPassing(error)) this.#member.rejoin()
        await pauses.wait()
      }
    }
  }

  #start(lane: Lane, claimed: readonly Claimed[]): void {
    if (lane.state !== 'claiming') return
    const most = Math.max(4 * 1024 * 1024, (this.#options.max_bytes ?? 0) * 1.5)
    const told = { changed: () => lane.wake(), freed: () => this.#fetcher.wake() }
    const mine = claimed.filter((one) => this.#partsOf(lane).some((part) => same(part, one)))
    const limits = { most, budget: this.#budget }
    lane.begin(
      mine.map((one) => new LanePart(one, one.from, limits, told)),
      mine,
    )
    lane.ended = this.#run(lane)
  }

  async #run(lane: Lane): Promise<void> {
    await this.#load(lane)
    for (const part of lane.parts) if (lane.state === 'ours') this.#fetcher.add(part)
    while (lane.state === 'ours') {
      const batch = lane.next(performance.now())
      if (typeof batch === 'number') await lane.sleep(batch)
      else await this.#handle(lane, batch)
    }
  }

  async #load(lane: Lane): Promise<void> {
    const { assigned } = this.#options
    lane.loading = true
    for (const partition of lane.partitions) {
      while (lane.state === 'ours') {
        try {
          await assigned?.(lane.topic, partition)
          break
        } catch (error) {
          this.#tellFailed(error)
          await lane.sleep(lane.failed())
        }
      }
    }
    lane.loading = false
  }

  async #handle(lane: Lane, batch: LaneBatch): Promise<void> {
    const began = performance.now()
    const { group } = this.#options
    const valid = () => lane.state !== 'lost'
    try {
      let outputs: readonly OutRecord[] = []
      if (batch.parts.length > 0) {
        if (this.#options.pinned === true && lane.pins === undefined) {
          await this.#committer.commit(lane.pinning(batch, this.#ids), [], valid)
          lane.pins = []
        }
        outputs = await this.#turns.take(async () => {
          lane.handlingSince = performance.now()
          return await this.#options.handle(batch)
        })
      }
      lane.handlingSince = undefined
      if (!valid()) throw new Fenced()
      checkRecords(outputs, this.#parts.names)
      const written = await this.#committer.commit(batch.moves, piecesOf(outputs, this.#parts.names), valid)
      lane.committed()
      await this.#parts.shown(written)
    } catch (error) {
      lane.handlingSince = undefined
      if (error instanceof Fenced) {
        this.#parts.metrics?.fenced(group)
        lane.state = 'lost'
        return
      }
      this.#parts.metrics?.failed(group)
      this.#tellFailed(error)
      await lane.sleep(lane.failed())
      return
    }
    const seconds = (performance.now() - began) / 1000
    for (const { topic, records } of batch.parts) {
      this.#parts.metrics?.handled(group, topic.name, records.length, seconds)
    }
  }

  /** Finishes the batch in hand, if that is soon done, and tells that the partitions are another's. */
  async #letGo(lane: Lane): Promise<void> {
    if (lane.state === 'leaving') return lane.ended
    const begun = lane.parts.length > 0
    if (lane.state !== 'lost') lane.state = 'leaving'
    lane.wake()
    for (const part of lane.parts) this.#fetcher.remove(part)
    // Told at once, so that it ends early.
    const { loading } = lane
    if (loading) await this.#tellRevoked(lane)
    await Promise.race([lane.ended, sleep(LET_GO_MS)])
    lane.state = 'lost'
    for (const part of lane.parts) part.clear()
    if (begun && !loading) await this.#tellRevoked(lane)
    if (this.#lanes.get(lane.name) === lane) this.#lanes.delete(lane.name)
  }

  #lost(): void {
    const lanes = [...this.#lanes.values()]
    // At once, before we are a member again: what they have in hand must not be committed under a new name.
    for (const lane of lanes) lane.state = 'lost'
    this.#lanes.clear()
    for (const lane of lanes) void this.#letGo(lane)
  }

  #owned(): Part[] {
    return [...this.#lanes.values()].flatMap((lane) => this.#partsOf(lane))
  }

  #partsOf({ topic, partitions }: Lane): Part[] {
    const name = this.#parts.names.topic(topic)
    return partitions.map((partition) => ({ topic: name, partition }))
  }

  async #tellRevoked({ topic, partitions }: Lane): Promise<void> {
    for (const partition of partitions) {
      try {
        await this.#options.revoked?.(topic, partition)
      } catch (error) {
        this.#tellFailed(error)
      }
    }
  }

  #tellFailed(error: unknown): void {
    try {
      this.#options.failed?.(error)
    } catch (another) {
      this.#note(another)
    }
  }

  #note(error: unknown): void {
    this.#parts.logger.info({ err: error, group: this.#options.group }, 'event log: tried again')
  }
}

function same(a: Part, b: Part): boolean {
  return a.topic === b.topic && a.partition === b.partition
}
