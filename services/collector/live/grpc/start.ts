import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import {
  Server,
  ServerCredentials,
  status,
  type ServerReadableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { TlsConfig } from '../../../runtime/http/config.ts'
import { readFileIfNamed, readNamedFile } from '../../../runtime/named-file.ts'
import { isObject, objectOf, textOf, type JsonObject } from '../../formats/json.ts'
import { MAX_JSON_BYTES, RAW_LIMIT, sourceRecord } from '../../source/record.ts'
import type { OfferedRecord } from '../offer.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import { BytesInHand } from './bytes-in-hand.ts'
import { entryJson } from './entry-json.ts'

/** The largest message; Envoy sends some 16 KiB at a time unless it is told otherwise. */
const MAX_MESSAGE_BYTES = 1_048_576
/** Of all streams, decoded at a time: entries without anything in them take some hundred times their bytes. */
const MAX_BYTES_IN_HAND = 2 * MAX_MESSAGE_BYTES
const ENTRIES_AT_A_TIME = 1000
const MAX_STREAMS_OF_CONNECTION = 64

export interface AlsSettings {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly tls?: TlsConfig | undefined
  readonly log_name?: string | undefined
  readonly max_streams: number
}

export interface RunningAls extends RunningSource {
  readonly port: number
}

/**
 * Takes the streams of Envoy's Access Log Service. Envoy expects no answer and
 * sends nothing twice ("with the expectation that it might be lossy", als.proto):
 * what it had sent and we had not appended when one of the two dies is lost. So
 * of each stream one message at a time is read, and the next one when that is
 * durable; while the log is away HTTP/2's flow control holds Envoy back, which
 * keeps what fits into its buffer and counts the rest as dropped.
 */
export async function startAls(settings: AlsSettings, context: SourceContext): Promise<RunningAls> {
  const { intake, metrics, logger } = context
  const start = randomUUID()
  let received = 0
  let streams = 0
  let stopping = false
  const inHand = new BytesInHand(MAX_BYTES_IN_HAND)
  const { service, decode } = accessLogService()

  function offered(entries: readonly unknown[]): OfferedRecord[] {
    return entries.filter(isObject).map((entry) => {
      received += 1
      const raw = Buffer.from(JSON.stringify({ http_logs: { log_entry: [entryJson(entry)] } }))
      const place = { line: received, byte: 0 }
      const record =
        raw.length > MAX_JSON_BYTES
          ? sourceRecord(raw.subarray(0, RAW_LIMIT), place, 'too_long', raw.length)
          : sourceRecord(raw, place)
      return { record, identity: `${start}:${received}`, repeats: false }
    })
  }

  async function take(message: JsonObject): Promise<void> {
    const entries = objectOf(message, 'http_logs')?.['log_entry']
    if (!Array.isArray(entries)) return
    for (let at = 0; at < entries.length; at += ENTRIES_AT_A_TIME)
      await intake.take({ records: offered(entries.slice(at, at + ENTRIES_AT_A_TIME)), position: null })
  }

  async function serve(call: ServerReadableStream<Buffer, JsonObject>): Promise<status> {
    if (streams >= settings.max_streams) {
      metrics.refused('too_many_connections')
      return status.RESOURCE_EXHAUSTED
    }
    streams += 1
    try {
      let isFirst = true
      for await (const bytes of call) {
        if (!Buffer.isBuffer(bytes)) continue
        const leave = await inHand.enter(bytes.length)
        try {
          const message = decode(bytes)
          if (!isObject(message)) continue
          const name = textOf(objectOf(message, 'identifier'), 'log_name')
          if (isFirst && settings.log_name !== undefined && name !== settings.log_name) {
            metrics.refused('forbidden')
            return status.PERMISSION_DENIED
          }
          isFirst = false
          await take(message)
        } finally {
          leave()
        }
      }
      return status.OK
    } finally {
      streams -= 1
    }
  }

  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS_OF_CONNECTION,
  })
  server.addService(service, {
    StreamAccessLogs(
      call: ServerReadableStream<Buffer, JsonObject>,
      answer: (error: { code: number; details: string } | null, value?: JsonObject) => void,
    ) {
      serve(call).then(
        (code) => (code === status.OK ? answer(null, {}) : answer({ code, details: 'not taken' })),
        (error: unknown) => {
          if (!stopping) logger.debug({ err: error }, 'a stream of access logs broke')
          answer({ code: status.UNAVAILABLE, details: 'not taken' })
        },
      )
    },
  })
  const address = `${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${settings.port}`
  const port = await bind(server, address, await credentialsOf(settings))
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  return {
    port,
    ended,
    caughtUpMs: () => null,
    async stop() {
      stopping = true
      resolve()
      // Envoy's streams never end by themselves.
      server.forceShutdown()
    },
  }
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)))
  return promise
}

async function credentialsOf({ name, tls }: AlsSettings): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const setting = `collector.sources.${name}.tls`
  const [cert_chain, private_key, ca] = await Promise.all([
    readNamedFile(tls.cert_file, `${setting}.cert_file`),
    readNamedFile(tls.key_file, `${setting}.key_file`),
    readFileIfNamed(tls.client_ca_file, `${setting}.client_ca_file`),
  ])
  return ServerCredentials.createSsl(ca ?? null, [{ cert_chain, private_key }], ca !== undefined)
}

/** The service, whose messages come as bytes, and what decodes one. */
function accessLogService(): { service: ServiceDefinition; decode: (bytes: Buffer) => unknown } {
  const path = fileURLToPath(new URL('proto/als.proto', import.meta.url))
  const definition = loadSync(path, { keepCase: true, longs: String, enums: String })
  const service = definition['envoy.service.accesslog.v3.AccessLogService']
  const stream = service === undefined || 'format' in service ? undefined : service['StreamAccessLogs']
  if (stream === undefined || typeof stream !== 'object') throw new Error('als.proto has no AccessLogService')
  const asBytes = { ...stream, requestDeserialize: (bytes: Buffer) => bytes }
  return { service: { StreamAccessLogs: asBytes }, decode: stream.requestDeserialize }
}
