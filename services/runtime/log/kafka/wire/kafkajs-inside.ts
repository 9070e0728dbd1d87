import type { Kafka } from 'kafkajs'

/*
 * What the driver uses of kafkajs beyond its public functions, and all of it:
 * the cluster (connections, TLS, SASL, metadata) and the connections' `send`.
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
  send<Response>(exchange: Exchange<Response>): Promise<Response>
}

interface Exchange<Response> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    expectResponse(): boolean
    encode(): { buf: Buffer; buffer: Buffer; size(): number }
  }
  readonly response: {
    decode(raw: Buffer): Promise<Response>
    parse(decoded: Response): Promise<Response>
  }
  readonly requestTimeout: number
  readonly logResponseError: boolean
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
