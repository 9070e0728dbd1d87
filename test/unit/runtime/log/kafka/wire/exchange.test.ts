import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../../../../../services/runtime/log/kafka/wire/bytes.ts'
import {
  fetch,
  produce,
  produceJoining,
} from '../../../../../../services/runtime/log/kafka/wire/data-requests.ts'
import { exchange, framed } from '../../../../../../services/runtime/log/kafka/wire/exchange.ts'
import type { Connection } from '../../../../../../services/runtime/log/kafka/wire/kafkajs-inside.ts'
import type { KafkaRequest } from '../../../../../../services/runtime/log/kafka/wire/request.ts'

const batch = Buffer.alloc(5_000, 'a record batch ')
const batches = [
  { topic: 'a', partition: 0, batch },
  { topic: 'a', partition: 3, batch: batch.subarray(7) },
  { topic: 'b'.repeat(2_000), partition: 1, batch },
]
const bounds = { max_wait_ms: 1, min_bytes: 1, max_bytes: 1 }
const requests: readonly KafkaRequest<unknown>[] = [
  produce(batches, null, 100),
  produceJoining(batches, 'id', 100),
  fetch([{ topic: 'a', partition: 0, offset: 2 ** 40, max_bytes: 7 }], bounds),
]

/** As kafkajs puts a request together. */
async function byKafkajs(request: KafkaRequest<unknown>, correlationId: number, clientId: string) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has no types of its own
  const create = createRequire(import.meta.url)('kafkajs/src/protocol/request') as (parts: {
    readonly correlationId: number
    readonly clientId: string
    readonly request: object
  }) => Promise<{ readonly buffer: Buffer }>
  const encode = () => {
    const to = new Writer()
    if (request.flexible === true) to.tags()
    request.encode(to)
    const buf = Buffer.concat(to.pieces())
    return { buf, buffer: buf }
  }
  const { api: apiKey, version: apiVersion } = request
  const { buffer } = await create({ correlationId, clientId, request: { apiKey, apiVersion, encode } })
  return buffer
}

describe('a request on the wire', () => {
  it.each(requests)('$name is what kafkajs would send, byte for byte', async (request) => {
    const pieces = framed(request, 77, 'a client')
    expect(Buffer.concat(pieces).equals(await byKafkajs(request, 77, 'a client'))).toBe(true)
  })

  it('holds record batches as they are: nothing of them is copied', () => {
    const pieces = framed(produceJoining(batches, 'id', 100), 1, 'a client')
    expect(batches.every((each) => pieces.includes(each.batch))).toBe(true)
  })

  it('goes out in one turn, after the session was renewed, and not over a connection that is gone', async () => {
    const done: string[] = []
    let connected = true
    const connection: Connection = {
      clientId: 'a client',
      authenticate: async () => void done.push('authenticate'),
      isConnected: () => connected,
      nextCorrelationId: () => 5,
      socket: {
        cork: () => void done.push('cork'),
        write: () => done.push('write') > 0,
        uncork: () => void done.push('uncork'),
      },
      requestQueue: {
        push(queued) {
          queued.sendRequest()
          queued.entry.resolve({ payload: Buffer.from([0, 0, 0, 9]) })
        },
      },
    }
    const request: KafkaRequest<number> = {
      api: 3,
      version: 1,
      name: 'Test',
      encode: (to) => to.heldBytes(batch),
      decode: (from) => from.int32(),
    }
    await expect(exchange(connection, request, 1_000)).resolves.toBe(9)
    expect(done).toEqual(['authenticate', 'cork', 'write', 'write', 'write', 'uncork'])
    connected = false
    await expect(exchange(connection, request, 1_000)).rejects.toThrow('not connected')
  })
})
