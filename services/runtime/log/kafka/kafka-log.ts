import type { Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import type { LogTopic } from '../../../../schemas/topics.ts'
import { GatewatchError } from '../../errors.ts'
import { closedError } from '../closed-error.ts'
import type {
  AppendOptions,
  Consumption,
  ConsumeOptions,
  EventLog,
  LogRecord,
  OutRecord,
  ReadOptions,
  Table,
  Watermarks,
} from '../event-log.ts'
import type { LogMetrics } from '../log-metrics.ts'
import type { KafkaConfig } from './config.ts'
import { connectKafka } from './client/connect.ts'
import { namesOf, type Names } from './names.ts'
import { committedOf, membersOf, watermarksOf } from './read/offsets.ts'
import { OwnedAppends } from './commit/owned-appends.ts'
import { readRange } from './read/read.ts'
import { Tables } from './read/tables.ts'
import { deniedOf, toLogError } from './wire/faults.ts'
import { WatchedConsumption } from './consume/watched-consumption.ts'
import { Link } from './wire/link.ts'
import { Writing } from './append/writing.ts'

export interface KafkaLogOptions {
  readonly config: KafkaConfig
  readonly logger: Logger
  readonly metrics?: LogMetrics
  /** A member that the group has not heard of for this long is dead. Default 10 s; Kafka takes no less than 6 s unless told. */
  readonly session_ms?: number
  /** How long an append waits for brokers that don't answer. Default 3 s. */
  readonly append_wait_ms?: number
  /** How long a consumer may stand still before it is started anew. Default 30 s; while its handler has a batch, 10 min. */
  readonly stall_ms?: number
  readonly handler_stall_ms?: number
  /** Makes sure that a topic is there before it is first used; for tests, whose topics are in no catalogue. */
  readonly prepare?: (topic: LogTopic) => Promise<void>
}

/** The event log on Kafka 2.5 or newer. Connects at the first use of each part. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<EventLog> {
  return new KafkaLog(await connectKafka(options.config, options.logger), options)
}

class KafkaLog implements EventLog {
  readonly #kafka: Kafka
  readonly #options: KafkaLogOptions
  readonly #names: Names
  readonly #link: Link
  readonly #reading: Link
  readonly #writing: Writing
  readonly #tables: Tables
  readonly #consumptions = new Set<WatchedConsumption>()
  readonly #owned: OwnedAppends
  readonly #prepared = new Map<string, Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(kafka: Kafka, options: KafkaLogOptions) {
    this.#kafka = kafka
    this.#options = options
    this.#names = namesOf(options.config)
    this.#link = new Link(kafka)
    this.#reading = new Link(kafka)
    const { compression } = options.config
    const wait_ms = options.append_wait_ms ?? 3_000
    this.#owned = new OwnedAppends(this.#consumptions, wait_ms)
    this.#writing = new Writing({
      link: this.#link,
      names: this.#names,
      compression,
      metrics: options.metrics,
      wait_ms,
    })
    this.#tables = new Tables({
      link: this.#link,
      openLink: () => new Link(kafka),
      names: this.#names,
      failed: (error) => options.logger.info({ err: error }, 'event log: reading a table, tried again'),
    })
  }

  async append(records: readonly OutRecord[], options?: AppendOptions): Promise<void> {
    this.#assertOpen()
    if (records.length === 0) return
    for (const topic of new Set(records.map((record) => record.topic))) await this.#prepare(topic)
    try {
      const { owner_of } = options ?? {}
      const written =
        owner_of === undefined
          ? await this.#writing.append(records, options)
          : await this.#owned.append(owner_of, records)
      await this.#tables.shown(written)
    } catch (error) {
      const denied = error instanceof GatewatchError ? deniedOf(error.cause) : undefined
      if (denied !== undefined) this.#options.metrics?.denied(denied)
      throw error
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.#assertOpen()
    for (const topic of options.topics) await this.#prepare(topic)
    const consumption = new WatchedConsumption(
      {
        openLink: () => new Link(this.#kafka),
        names: this.#names,
        compression: this.#options.config.compression,
        session_ms: this.#options.session_ms ?? 10_000,
        logger: this.#options.logger,
        metrics: this.#options.metrics,
        shown: (written) => this.#tables.shown(written),
        link: this.#link,
        patience: {
          stall_ms: this.#options.stall_ms ?? 30_000,
          handler_ms: this.#options.handler_stall_ms ?? 600_000,
        },
        ended: (one) => void this.#consumptions.delete(one),
      },
      {
        ...options,
        handle: async (batch) => {
          const outputs = await options.handle(batch)
          for (const topic of new Set(outputs.map((record) => record.topic))) await this.#prepare(topic)
          return outputs
        },
      },
    )
    this.#consumptions.add(consumption)
    await consumption.joined()
    return consumption
  }

  async openTable(topic: LogTopic): Promise<Table> {
    this.#assertOpen()
    await this.#prepare(topic)
    return await this.#tables.open(topic).catch(told)
  }

  async *read(topic: LogTopic, options: ReadOptions): AsyncIterable<readonly LogRecord[]> {
    this.#assertOpen()
    await this.#prepare(topic)
    yield* readRange({ link: this.#reading, names: this.#names }, topic, options)
  }

  partitions(topic: LogTopic): number {
    return this.#names.partitions(topic)
  }

  async watermarks(topic: LogTopic): Promise<readonly Watermarks[]> {
    this.#assertOpen()
    await this.#prepare(topic)
    return await watermarksOf(this.#link, this.#names, topic).catch(told)
  }

  async committed(group: string, topic: LogTopic): Promise<ReadonlyMap<number, number>> {
    this.#assertOpen()
    await this.#prepare(topic)
    const name = this.#names.topic(topic)
    const parts = Array.from({ length: this.#names.partitions(topic) }, (_, partition) => ({
      topic: name,
      partition,
    }))
    const found = await committedOf(this.#link, this.#names.group(group), parts, { stable: false }).catch(
      told,
    )
    return new Map(
      found.filter(({ offset }) => offset >= 0).map(({ partition, offset }) => [partition, offset]),
    )
  }

  async hasMembers(group: string): Promise<boolean> {
    this.#assertOpen()
    return (await membersOf(this.#link, this.#names.group(group)).catch(told)) > 0
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumptions].map((one) => one.stop()))
    await this.#writing.close()
    await this.#tables.close()
    await Promise.all([this.#link.close(), this.#reading.close()])
  }

  #prepare(topic: LogTopic): Promise<void> {
    const { prepare } = this.#options
    if (prepare === undefined) return DONE
    let prepared = this.#prepared.get(topic.name)
    if (prepared === undefined) {
      prepared = prepare(topic)
      this.#prepared.set(topic.name, prepared)
      prepared.catch(() => this.#prepared.delete(topic.name))
    }
    return prepared
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError()
  }
}

const DONE = Promise.resolve()

function told(error: unknown): never {
  throw toLogError(error)
}
