import type { Kafka } from 'kafkajs'
import { closedError } from '../../closed-error.ts'
import { exchange } from './exchange.ts'
import { CODES, isPassing, KafkaFault, NoAnswer } from './faults.ts'
import { findCoordinator } from './group-requests.ts'
import { openCluster, type Broker, type Cluster, type Connection } from './kafkajs-inside.ts'
import type { KafkaRequest } from './request.ts'

/** An answer that takes longer than this beyond what the request itself allows is none: the connection is given up. */
const ANSWER_MS = 10_000
/** Faults without a success for this long: all connections are thrown away and made anew. */
const RENEW_AFTER_MS = 3_000
const FETCH = 1

/**
 * Connections to the brokers, and who leads what. A broker answers the
 * requests of a connection one after the other, so whoever waits long (a
 * member that joins, a fetch with nothing to read) has a link of its own.
 */
export class Link {
  readonly #kafka: Kafka
  #cluster: Cluster
  readonly #topics = new Set<string>()
  readonly #coordinators = new Map<string, Promise<number>>()
  #connecting = new WeakMap<Broker, Map<number, Promise<Connection>>>()
  #refreshing: Promise<void> | undefined
  #failingSince: number | undefined
  #stale = true
  #closed = false

  constructor(kafka: Kafka) {
    this.#kafka = kafka
    this.#cluster = openCluster(kafka)
  }

  /** The broker that leads the partition. @throws KafkaFault 3 when there is no such partition. */
  async leader(topic: string, partition: number): Promise<number> {
    if (!this.#topics.has(topic)) {
      this.#topics.add(topic)
      this.#stale = true
    }
    if (this.#stale) await this.refresh()
    const found = this.#cluster.findTopicPartitionMetadata(topic).find((one) => one.partitionId === partition)
    if (found !== undefined && found.leader >= 0) return found.leader
    this.#stale = true
    throw new KafkaFault(`the leader of ${topic}/${partition}`, CODES.unknown_topic)
  }

  async partitions(topic: string): Promise<number> {
    await this.leader(topic, 0)
    return this.#cluster.findTopicPartitionMetadata(topic).length
  }

  /** A broker that may be asked for what any of them knows. */
  async anyNode(): Promise<number> {
    if (this.#stale) await this.refresh()
    const nodes = this.#cluster.getNodeIds()
    const any = nodes[Math.floor(Math.random() * nodes.length)]
    if (any === undefined) throw new NoAnswer('Metadata', 'no broker is known')
    return Number(any)
  }

  /** Asks for a topic again that was made meanwhile, and for leaders that moved. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  coordinator(kind: 'group' | 'transaction', id: string): Promise<number> {
    const key = `${kind}/${id}`
    let found = this.#coordinators.get(key)
    if (found === undefined) {
      found = this.#findCoordinator(kind, id)
      this.#coordinators.set(key, found)
      found.catch(() => this.#coordinators.delete(key))
    }
    return found
  }

  /** @throws NoAnswer when it stays away; then what was asked may have been done. */
  async send<Response>(node: number, request: KafkaRequest<Response>): Promise<Response> {
    if (this.#closed) throw closedError()
    const cluster = this.#cluster
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => {
            this.#renew(cluster)
            reject(new Error('too late'))
          },
          ANSWER_MS + (request.held_ms ?? 0),
        )
      })
      const answered = await Promise.race([this.#exchange(cluster, node, request), late])
      this.#failingSince = undefined
      return answered
    } catch (error) {
      this.#failed(cluster)
      throw new NoAnswer(request.name, error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** What an error says of our knowledge: leaders and coordinators are looked up again. */
  doubt(error: unknown): void {
    if (!isPassing(error)) return
    this.#stale = true
    this.#coordinators.clear()
  }

  async close(): Promise<void> {
    this.#closed = true
    await quietly(this.#cluster.disconnect(), 1_000)
  }

  async #exchange<Response>(
    cluster: Cluster,
    node: number,
    request: KafkaRequest<Response>,
  ): Promise<Response> {
    const broker = await cluster.findBroker({ nodeId: node })
    const connection = await this.#connection(broker, request.api === FETCH ? 1 : 0)
    return await exchange(connection, request, ANSWER_MS + (request.held_ms ?? 0))
  }

  /** Two callers at once would connect twice, and the first one's socket would be forgotten. */
  #connection(broker: Broker, index: number): Promise<Connection> {
    let ofBroker = this.#connecting.get(broker)
    if (ofBroker === undefined) {
      ofBroker = new Map()
      this.#connecting.set(broker, ofBroker)
    }
    let connecting = ofBroker.get(index)
    if (connecting === undefined) {
      connecting = broker.connectionPool.getConnection(index)
      ofBroker.set(index, connecting)
      void connecting.finally(() => ofBroker.delete(index)).catch(() => {})
    }
    return connecting
  }

  async #refresh(): Promise<void> {
    if (this.#closed) throw closedError()
    const cluster = this.#cluster
    try {
      await cluster.connect()
      await cluster.addMultipleTargetTopics([...this.#topics])
      await cluster.refreshMetadata()
      this.#stale = false
    } catch (error) {
      this.#failed(cluster)
      const type = typeOf(error)
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION') throw new KafkaFault('metadata', CODES.unknown_topic)
      if (type === 'TOPIC_AUTHORIZATION_FAILED')
        throw new KafkaFault(`one of the topics ${[...this.#topics].join(', ')}`, CODES.topic_denied)
      throw new NoAnswer('Metadata', error)
    }
  }

  async #findCoordinator(kind: 'group' | 'transaction', id: string): Promise<number> {
    const { error, node } = await this.send(await this.anyNode(), findCoordinator(kind, id))
    if (error !== 0) throw new KafkaFault(`the coordinator of ${kind} ${id}`, error)
    return node
  }

  #failed(cluster: Cluster): void {
    this.#stale = true
    this.#coordinators.clear()
    const now = performance.now()
    this.#failingSince ??= now
    if (now - this.#failingSince > RENEW_AFTER_MS) this.#renew(cluster)
  }

  /** kafkajs can be left with a connection that is neither open nor closed; a new client can't. */
  #renew(cluster: Cluster): void {
    if (cluster !== this.#cluster || this.#closed) return
    this.#cluster = openCluster(this.#kafka)
    this.#failingSince = undefined
    this.#stale = true
    this.#coordinators.clear()
    void quietly(cluster.disconnect(), 30_000)
  }
}

/** Kafka's name of an error that kafkajs gives out. */
function typeOf(error: unknown): string {
  return error instanceof Error && 'type' in error ? String(error.type) : ''
}

async function quietly(promise: Promise<unknown>, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    promise.catch(() => undefined),
    new Promise((resolve) => {
      timer = setTimeout(resolve, withinMs)
    }),
  ])
  clearTimeout(timer)
}
