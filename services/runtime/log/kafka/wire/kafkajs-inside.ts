import type { Socket } from 'node:net'
import type { Kafka } from 'kafkajs'

/*
 * What the driver uses of kafkajs beyond its public functions, and all of it:
 * the cluster (connections, TLS, SASL, metadata), and of a connection its
 * socket and the queue that finds the request of an answer.
 * kafkajs hands its cluster to whoever assigns partitions, so it is got through
 * a public door; `test/unit/.../kafkajs-inside.test.ts` fails should a version
 * change its shape. The version is pinned, and 2.2.4 has been the last since 2023.
 */

export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addMultipleTargetTopics(topics: string[]): Promise<void>
  refreshMetadata(): Promise<void>
  getNodeIds(): (number | string)[]
  findBroker(node: { nodeId: number }): Promise<Broker>
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[]
}

export interface Broker {
  readonly connectionPool: { getConnection(index: number): Promise<Connection> }
}

export interface Connection {
  readonly clientId: string
  readonly socket: Pick<Socket, 'cork' | 'write' | 'uncork'>
  readonly requestQueue: { push(request: QueuedRequest): void }
  isConnected(): boolean
  /** Does nothing without SASL, and while the session lasts. */
  authenticate(): Promise<void>
  nextCorrelationId(): number
}

interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly correlationId: number
    resolve(answer: { readonly payload: Buffer }): void
    reject(error: unknown): void
  }
  readonly expectResponse: boolean
  readonly requestTimeout: number
  /** Called when there is room among the requests under way. */
  sendRequest(): void
}

/** A cluster with connections of its own, not yet connected. */
export function openCluster(kafka: Kafka): Cluster {
  let found: unknown
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MS,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster
        return {
          name: 'unused',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: '', metadata: Buffer.alloc(0) }),
        }
      },
    ],
  })
  if (!isCluster(found)) throw new Error('this version of kafkajs is not one that gatewatch can use')
  return found
}

/** Leaders are asked for again when a broker says that it leads no more, so age matters little. */
const METADATA_MS = 300_000

const METHODS = [
  'connect',
  'disconnect',
  'addMultipleTargetTopics',
  'refreshMetadata',
  'getNodeIds',
  'findBroker',
  'findTopicPartitionMetadata',
]

function isCluster(value: unknown): value is Cluster {
  return (
    typeof value === 'object' &&
    value !== null &&
    METHODS.every((method) => typeof Reflect.get(value, method) === 'function')
  )
}
