import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { ConsumeOptions, OutRecord } from '../../event-log.ts'
import type { LogMetrics } from '../../log-metrics.ts'
import type { Part } from '../group/assign.ts'
import { Budget } from './budget.ts'
import { claim, type Claimed } from '../group/claims.ts'
import { Fetcher } from './fetcher.ts'
import { Fenced, GroupCommitter } from '../commit/group-committer.ts'
import type { AssignmentMessage } from '../group/group-messages.ts'
import { LanePart } from './lane-part.ts'
import { LaneRunner } from './lane-runner.ts'
import { Lane } from './lane.ts'
import { Member } from '../group/member.ts'
import type { Names } from '../names.ts'
import { Pauses } from '../pauses.ts'
import { checkRecords, piecesOf } from '../commit/pieces.ts'
import { Transactor, type Written } from '../commit/transactor.ts'
import { deniedOf, isPassing, toLogError } from '../wire/faults.ts'
import type { Membership } from '../wire/group-requests.ts'
import type { Link } from '../wire/link.ts'
import type { Compression } from '../wire/record-batch.ts'

/** Read ahead, over all partitions; each may have one fetch more. */
const BUDGET_BYTES = 64 * 1024 * 1024
/** Of one partition. */
const READ_AHEAD_BYTES = 4 * 1024 * 1024
/** How long a batch in hand may take when its partition is to be given up. */
const LET_GO_MS = 6_000
/**
 * Transactional ids, used by turns: a transaction that followed the last of its own id would find it still being
 * completed, and the broker looks again after 20 ms.
 */
const TRANSACTORS = 2
/** Who lets a batch fill up fetches as rarely: half of its `linger_ms`, and no less often than this. */
const LONGEST_GATHER_MS = 100
/** After this a transaction without an answer is decided by a new epoch. */
const ENDING_MS = 6_000

export interface ConsumptionParts {
  readonly openLink: () => Link
  readonly names: Names
  readonly compression: Compression
  readonly session_ms: number
  readonly logger: Logger
  readonly metrics: LogMetrics | undefined
  /** Resolves when the tables of this client show what was just committed. */
  readonly shown: (written: readonly Written[]) => Promise<void>
}

/**
 * One member of a group: lanes that read, handle and commit, for as long as the
 * group says they are ours.
 *
 * Three links, as a broker answers a connection's requests in order: a join
 * may be held back for seconds, a fetch for half a second, and commits wait
 * for neither.
 */
export class KafkaConsumption {
  readonly #parts: ConsumptionParts
  readonly #options: ConsumeOptions
  readonly #links: { readonly group: Link; readonly data: Link; readonly fetch: Link }
  readonly #ids: readonly string[]
  readonly #fetcher: Fetcher
  readonly #member: Member
  readonly #committer: GroupCommitter
  readonly #runner: LaneRunner
  readonly #budget = new Budget(BUDGET_BYTES)
  readonly #lanes = new Map<string, Lane>()
  readonly #topics: ReadonlyMap<string, LogTopic>
  #living: readonly string[] = []
  #stopping: Promise<void> | undefined

  constructor(parts: ConsumptionParts, options: ConsumeOptions) {
    this.#parts = parts
    this.#options = options
    const { names, compression, metrics } = parts
    this.#links = { group: parts.openLink(), data: parts.openLink(), fetch: parts.openLink() }
    const { group: link, data, fetch } = this.#links
    const me = `${options.group}.${randomUUID()}`
    this.#ids = Array.from({ length: TRANSACTORS }, (_, index) => names.transaction(`${me}.${index}`))
    const failed = (error: unknown) => this.#note(error)
    const { linger_ms = 0 } = options
    this.#fetcher = new Fetcher({
      link: fetch,
      failed,
      ...(linger_ms > 0 ? { gather_ms: Math.min(LONGEST_GATHER_MS, linger_ms / 2) } : {}),
    })
    const transactors = this.#ids.map(
      (id) => new Transactor({ link: data, id, names, compression, metrics, ending_ms: ENDING_MS }),
    )
    this.#committer = new GroupCommitter({
      link: data,
      member: () => this.#member,
      transactors,
      failed,
      freed: () => {
        for (const lane of this.#lanes.values()) if (lane.gated) lane.wake()
      },
    })
    const { shown } = parts
    this.#runner = new LaneRunner(
      { names, fetcher: this.#fetcher, committer: this.#committer, ids: this.#ids, metrics, shown },
      options,
    )
    this.#topics = new Map(options.topics.map((topic) => [names.topic(topic), topic]))
    this.#member = new Member({
      link,
      group: names.group(options.group),
      session_ms: parts.session_ms,
      topics: new Map(options.topics.map((topic) => [names.topic(topic), names.partitions(topic)])),
      sharing: options.sole === true ? 'all' : options.span === 'group' ? 'topic' : 'partition',
      transactional: () => this.#ids,
      owned: () => [...this.#lanes.values()].flatMap((lane) => this.#partsOf(lane)),
      assigned: (assignment, as) => this.#assigned(assignment, as),
      lost: () => this.#lost(),
      failed,
    })
  }

  /** Resolves with the first assignment; rejects when the group refuses us for good. */
  get joined(): Promise<void> {
    return this.#member.joined.catch((error: unknown) => {
      throw toLogError(error)
    })
  }

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()]
  }

  /**
   * Appends as the owner of the group's partitions, with the offset where one of them stands anyway: so the group
   * refuses it when the partition is another's, and who takes it over ends it first (`claims.ts`).
   * @throws Fenced, or a fault that the same records would meet again
   */
  async append(records: readonly OutRecord[]): Promise<readonly Written[]> {
    const { names } = this.#parts
    checkRecords(records, names)
    const lane = this.lanes.find(({ state, parts }) => state !== 'lost' && parts.length > 0)
    const part = lane?.parts[0]
    if (lane === undefined || part === undefined) throw new Fenced()
    const { topic, partition, committed } = part
    const move = { topic, partition, next: committed }
    return await this.#committer.commit([move], piecesOf(records, names), () => lane.state !== 'lost')
  }

  /** Finishes the batches in hand, gives the partitions up and leaves. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Leaves with whatever is in hand: nothing of it is committed. */
  async abandon(): Promise<void> {
    for (const lane of this.#lanes.values()) lane.state = 'lost'
    await this.stop()
  }

  async #stop(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => this.#letGo(lane)))
    await this.#member.leave()
    this.#fetcher.close()
    await Promise.all(Object.values(this.#links).map((link) => link.close()))
  }

  #assigned({ parts, living }: AssignmentMessage, as: Membership): void {
    if (this.#stopping !== undefined) return
    this.#living = living
    const wanted = Map.groupBy(parts, ({ topic, partition }) =>
      this.#options.span === 'group' ? topic : `${topic}/${partition}`,
    )
    const gone = this.lanes.filter(({ name }) => !wanted.has(name))
    if (gone.length > 0) {
      void Promise.all(gone.map((lane) => this.#letGo(lane))).then(() => this.#member.rejoin())
    }
    const fresh: Lane[] = []
    for (const [name, some] of wanted) {
      const topic = this.#topics.get(some[0]?.topic ?? '')
      if (this.#lanes.has(name) || topic === undefined) continue
      const numbers = some.map(({ partition }) => partition).sort((a, b) => a - b)
      const lane = new Lane(name, topic, numbers, this.#options)
      this.#lanes.set(name, lane)
      fresh.push(lane)
    }
    if (fresh.length > 0) void this.#begin(fresh, as)
  }

  /** Claims partitions, all at once, then starts their lanes. */
  async #begin(lanes: readonly Lane[], first: Membership): Promise<void> {
    const pauses = new Pauses(20, 1_000)
    const { data } = this.#links
    for (let as = first; ; as = this.#member.as) {
      const still = lanes.filter((lane) => this.#lanes.get(lane.name) === lane && lane.state === 'claiming')
      if (still.length === 0) return
      const parts = still.flatMap((lane) => this.#partsOf(lane))
      try {
        const from = this.#options.from ?? 'earliest'
        const claimed = await claim(parts, as, this.#living, { link: data, ids: this.#ids, from })
        for (const lane of still) this.#start(lane, claimed)
        return
      } catch (error) {
        this.#note(error)
        data.doubt(error)
        if (!isPassing(error)) this.#member.rejoin()
        await pauses.wait()
      }
    }
  }

  #start(lane: Lane, claimed: readonly Claimed[]): void {
    if (lane.state !== 'claiming') return
    const limits = {
      most: Math.max(READ_AHEAD_BYTES, (this.#options.max_bytes ?? 0) * 1.5),
      budget: this.#budget,
    }
    const told = { changed: () => lane.wake(), freed: () => this.#fetcher.wake() }
    const mine = claimed.filter((one) =>
      this.#partsOf(lane).some(({ topic, partition }) => topic === one.topic && partition === one.partition),
    )
    lane.begin(
      mine.map((one) => new LanePart(one, one.from, limits, told)),
      mine,
    )
    lane.ended = this.#runner.run(lane)
  }

  /** Finishes the batch in hand, if that is soon done, and tells that the partitions are another's. */
  async #letGo(lane: Lane): Promise<void> {
    if (lane.letting !== undefined) return await lane.letting
    lane.letting = this.#end(lane)
    return await lane.letting
  }

  async #end(lane: Lane): Promise<void> {
    if (lane.state !== 'lost') lane.state = 'leaving'
    lane.wake()
    for (const part of lane.parts) this.#fetcher.remove(part)
    // A lane that is loading is told at once, so that it ends early.
    const { loading } = lane
    if (loading) await this.#tellRevoked(lane)
    const patience = new AbortController()
    const { signal } = patience
    const waited = lane.state === 'lost' && !loading ? 0 : LET_GO_MS
    await Promise.race([lane.ended, sleep(waited, undefined, { signal }).catch(() => undefined)])
    patience.abort()
    lane.state = 'lost'
    for (const part of lane.parts) part.clear()
    if (lane.parts.length > 0 && !loading) await this.#tellRevoked(lane)
    if (this.#lanes.get(lane.name) === lane) this.#lanes.delete(lane.name)
  }

  #lost(): void {
    const lanes = this.lanes
    // At once, before we are a member again: what they have in hand must not be committed under a new name.
    for (const lane of lanes) lane.state = 'lost'
    this.#lanes.clear()
    for (const lane of lanes) void this.#letGo(lane)
  }

  async #tellRevoked({ topic, partitions }: Lane): Promise<void> {
    for (const partition of partitions) {
      try {
        await this.#options.revoked?.(topic, partition)
      } catch (error) {
        this.#runner.tellFailed(error)
      }
    }
  }

  #partsOf({ topic, partitions }: Lane): Part[] {
    const name = this.#parts.names.topic(topic)
    return partitions.map((partition) => ({ topic: name, partition }))
  }

  #note(error: unknown): void {
    const { logger, metrics } = this.#parts
    const { group } = this.#options
    const denied = deniedOf(error)
    if (denied === undefined) {
      logger.info({ err: error, group }, 'event log: tried again')
      return
    }
    metrics?.denied(denied)
    const { message } = toLogError(error)
    logger.warn({ group, code: 'ERR_LOG_DENIED' }, `${message} Tried again until then.`)
  }
}
