import { Reader, Writer } from './bytes.ts'
import type { Connection } from './kafkajs-inside.ts'
import type { KafkaRequest } from './request.ts'

/**
 * Asks over a connection and reads the answer; rejects when none comes within `timeoutMs`.
 *
 * kafkajs connects, encrypts and authenticates, and finds the request that an
 * answer belongs to. What is sent is ours, piece by piece: its own way copies a
 * body into a fresh buffer, and that into another, each cleared first, which
 * touches 15 KB of memory for one decision.
 */
export async function exchange<Response>(
  connection: Connection,
  request: KafkaRequest<Response>,
  timeoutMs: number,
): Promise<Response> {
  // Also when the session is about to end.
  await connection.authenticate()
  if (!connection.isConnected()) throw new Error('not connected')
  const correlationId = connection.nextCorrelationId()
  const pieces = framed(request, correlationId, connection.clientId)
  const { payload } = await new Promise<{ readonly payload: Buffer }>((resolve, reject) => {
    const { api: apiKey, version: apiVersion, name: apiName } = request
    connection.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: timeoutMs,
      sendRequest() {
        const { socket } = connection
        socket.cork()
        for (const piece of pieces) socket.write(piece)
        socket.uncork()
      },
    })
  })
  const from = new Reader(payload)
  if (request.flexible === true && request.plain_answer !== true) from.tags()
  return request.decode(from)
}

const LENGTH_BYTES = 4

/**
 * A request as it goes over the wire: its length, its header (version 1, or 2 with tagged fields), its body.
 *
 * @see https://kafka.apache.org/protocol.html#protocol_messages
 */
export function framed(request: KafkaRequest<unknown>, correlationId: number, clientId: string): Buffer[] {
  const to = new Writer()
  to.int32(0)
  to.int16(request.api)
  to.int16(request.version)
  to.int32(correlationId)
  to.string(clientId)
  if (request.flexible === true) to.tags()
  request.encode(to)
  const pieces = to.pieces()
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  pieces[0]?.writeInt32BE(length - LENGTH_BYTES, 0)
  return pieces
}
