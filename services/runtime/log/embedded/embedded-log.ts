import type { Logger } from 'pino'
import type { LogTopic } from '../../../../schemas/topics.ts'
import type {
  AppendOptions,
  ConsumeOptions,
  Consumption,
  EventLog,
  LogRecord,
  OutRecord,
  ReadOptions,
  Table,
  Watermarks,
} from '../event-log.ts'
import type { LogMetrics } from '../log-metrics.ts'
import { Committer } from './committer.ts'
import { EmbeddedConsumption } from './consumption.ts'
import { Doorbell } from './doorbell.ts'
import { closedError } from '../closed-error.ts'
import { fencedError } from '../fenced-error.ts'
import { GroupMember, livingMembers } from './group.ts'
import { Maintenance, type RetentionOptions } from './maintenance.ts'
import { Processes, processId } from './processes.ts'
import { readRange } from './reader.ts'
import { openStore, type Store } from './store.ts'
import { EmbeddedTable } from './table.ts'

const HEARTBEAT_MS = 1_000

export interface EmbeddedLogOptions {
  /** Holds the environment and the doorbells; created with mode 0700. */
  readonly directory: string
  /** Of topics that are new here. Default 1: one machine's worker gains nothing from more. */
  readonly partitions?: number
  readonly logger?: Logger
  readonly metrics?: LogMetrics
  readonly retention?: Partial<RetentionOptions>
}

/**
 * Opens the event log of a data directory: LMDB, shared by any number of
 * processes of one machine.
 *
 * @throws GatewatchError `ERR_DATA_DIR_VERSION` for another version's
 *   directory, `ERR_DISK_FULL`.
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EventLog> {
  const store = openStore(options.directory, options.partitions ?? 1)
  try {
    store.checkFormat()
    return await EmbeddedLog.start(store, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

class EmbeddedLog implements EventLog {
  readonly #store: Store
  readonly #options: EmbeddedLogOptions
  readonly #committer: Committer
  readonly #doorbell: Doorbell
  readonly #processes: Processes
  readonly #consumptions = new Set<EmbeddedConsumption>()
  readonly #groupMembers = new Set<GroupMember>()
  readonly #tables = new Set<EmbeddedTable>()
  readonly #maintenance: Maintenance
  #heartbeat: NodeJS.Timeout | undefined
  #members = 0
  #closing: Promise<void> | undefined

  private constructor(store: Store, options: EmbeddedLogOptions, id: string, doorbell: Doorbell) {
    this.#store = store
    this.#options = options
    this.#committer = new Committer(store, options.metrics, () => this.#committed())
    this.#doorbell = doorbell
    this.#processes = new Processes(store, this.#committer, id, this.#doorbell.address)
    this.#maintenance = new Maintenance(store, this.#committer, this.#processes, options)
  }

  static async start(store: Store, options: EmbeddedLogOptions): Promise<EmbeddedLog> {
    const id = processId()
    let log: EmbeddedLog | undefined
    const doorbell = await Doorbell.open(options.directory, id, {
      rung: (members) => {
        if (log !== undefined) log.#rung(members)
      },
      lost: () => {
        if (log !== undefined) log.#rung(true)
      },
    })
    const started = new EmbeddedLog(store, options, id, doorbell)
    log = started
    await started.#processes.renew()
    await started.#processes.sweep()
    started.#doorbell.setPeers(started.#processes.peers())
    started.#doorbell.ring(true)
    started.#maintenance.start()
    started.#heartbeat = setInterval(() => void started.#beat(), HEARTBEAT_MS).unref()
    return started
  }

  async append(records: readonly OutRecord[], { owner_of }: AppendOptions = {}): Promise<void> {
    this.#open()
    if (records.length === 0) return
    const check = (): void => {
      if (owner_of === undefined) return
      if ([...this.#groupMembers].some((one) => one.group === owner_of && one.hasFirst())) return
      throw fencedError(owner_of)
    }
    await this.#committer.submit({ records, check }).durable
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.#open()
    for (const topic of options.topics) this.#store.topic(topic)
    const id = `${this.#processes.id}-${this.#members++}`
    const { group, topics, span, sole = false } = options
    const member = new GroupMember(this.#store, this.#processes, {
      group,
      id,
      topics,
      whole: span === 'group',
      sole,
    })
    await this.#committer.submit({ records: [], apply: () => member.join() }).visible
    const membersChanged = () => {
      for (const other of this.#consumptions) other.wake(true)
      this.#doorbell.ring(true)
    }
    const { logger, metrics } = this.#options
    const parts = { store: this.#store, committer: this.#committer, member, logger, metrics, membersChanged }
    const consumption = new EmbeddedConsumption(parts, options)
    this.#consumptions.add(consumption)
    this.#groupMembers.add(member)
    membersChanged()
    return {
      drained: () => consumption.drained(),
      stop: async () => {
        await consumption.stop()
        this.#consumptions.delete(consumption)
        this.#groupMembers.delete(member)
      },
    }
  }

  async openTable(topic: LogTopic): Promise<Table> {
    this.#open()
    if (!topic.compacted) throw new TypeError(`${topic.name} is not a compacted topic`)
    this.#store.refresh()
    const failed = (error: unknown) =>
      this.#options.logger?.error({ err: error, topic: topic.name }, 'event log: a follower failed')
    const table = new EmbeddedTable(this.#store, this.#store.topic(topic), failed, () =>
      this.#tables.delete(table),
    )
    this.#tables.add(table)
    return table
  }

  async *read(topic: LogTopic, options: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    this.#open()
    const store = this.#store.topic(topic)
    this.#store.refresh()
    const head = this.#store.head(topic.name, options.partition)
    const to = Math.min(options.to ?? head.next, head.next)
    let from = Math.max(options.from ?? head.low, head.low)
    while (from < to) {
      this.#open()
      const { partition, max_records: maxRecords = 1000 } = options
      const records = readRange(store, { partition, from, to, maxRecords, maxBytes: 4 * 1024 * 1024 })
      const last = records[records.length - 1]
      if (last === undefined) return
      yield records
      from = last.offset + 1
    }
  }

  partitions(topic: LogTopic): number {
    this.#open()
    return this.#store.topic(topic).partitions
  }

  async watermarks(topic: LogTopic): Promise<readonly Watermarks[]> {
    this.#open()
    this.#store.refresh()
    return Array.from({ length: this.#store.topic(topic).partitions }, (_, partition) => {
      const { low, next } = this.#store.head(topic.name, partition)
      return { partition, low, high: next }
    })
  }

  async committed(group: string, topic: LogTopic): Promise<ReadonlyMap<number, number>> {
    this.#open()
    this.#store.refresh()
    const offsets = new Map<number, number>()
    for (let partition = 0; partition < this.#store.topic(topic).partitions; partition++) {
      const next = this.#store.offsets.get(`${group}/${topic.name}/${partition}`)
      if (next !== undefined) offsets.set(partition, next)
    }
    return offsets
  }

  async hasMembers(group: string): Promise<boolean> {
    this.#open()
    this.#store.refresh()
    return livingMembers(this.#store, this.#processes, group).length > 0
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#heartbeat)
    await this.#maintenance.stop()
    await Promise.all([...this.#consumptions].map((consumption) => consumption.stop()))
    await Promise.all([...this.#tables].map((table) => table.close()))
    await this.#processes.leave()
    await this.#committer.close()
    await this.#doorbell.close()
    await this.#store.close()
  }

  #open(): void {
    if (this.#closing !== undefined) throw closedError()
  }

  /** Our own commit: whoever waits here is told directly, other processes by the bell. */
  #committed(): void {
    this.#wake(false)
    this.#doorbell.ring()
  }

  #rung(members: boolean): void {
    if (this.#closing !== undefined) return
    this.#store.refresh()
    if (members) this.#doorbell.setPeers(this.#processes.peers())
    this.#wake(members)
  }

  #wake(members: boolean): void {
    for (const consumption of this.#consumptions) consumption.wake(members)
    for (const table of this.#tables) table.wake()
  }

  async #beat(): Promise<void> {
    if (this.#closing !== undefined) return
    try {
      await this.#processes.renew()
      await this.#processes.sweep()
      this.#rung(true)
    } catch (error) {
      this.#options.logger?.warn({ err: error }, 'event log: could not renew the lease')
    }
  }
}
