import { fileURLToPath } from 'node:url'
import {
  credentials,
  loadPackageDefinition,
  type ChannelCredentials,
  type ClientWritableStream,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const PROTO = fileURLToPath(new URL('../../../services/collector/live/grpc/proto/als.proto', import.meta.url))

export interface AlsClient {
  /** Opens a stream; what became of it is told when it ends. */
  stream(): { write(message: object): void; end(): void; readonly ended: Promise<number> }
  close(): void
}

/** A client of the Access Log Service as Envoy is one, over a real connection. */
export function alsClient(
  port: number,
  secured: ChannelCredentials = credentials.createInsecure(),
): AlsClient {
  const definition = loadPackageDefinition(loadSync(PROTO, { keepCase: true, longs: String, enums: String }))
  const place: unknown = Reflect.get(
    Object(Reflect.get(Object(Reflect.get(Object(definition['envoy']), 'service')), 'accesslog')),
    'v3',
  )
  const Service: unknown = Reflect.get(Object(place), 'AccessLogService')
  if (typeof Service !== 'function') throw new Error('als.proto has no service')
  const client: unknown = Reflect.construct(Service, [`127.0.0.1:${port}`, secured])
  const open: unknown = Reflect.get(Object(client), 'StreamAccessLogs')
  if (typeof open !== 'function') throw new Error('the service has no streams')
  return {
    stream() {
      const { promise: ended, resolve } = Promise.withResolvers<number>()
      const call: ClientWritableStream<object> = open.call(client, (error: { code: number } | null) =>
        resolve(error?.code ?? 0),
      )
      return { write: (message) => void call.write(message), end: () => call.end(), ended }
    },
    close: () => void Reflect.get(Object(client), 'close').call(client),
  }
}
