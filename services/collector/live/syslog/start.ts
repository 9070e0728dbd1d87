import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsConfig } from '../../../runtime/http/config.ts'
import { listenError } from '../../../runtime/http/listen.ts'
import { readTls } from '../../../runtime/http/tls.ts'
import type { FormatName } from '../../formats/format.ts'
import { syslogReader } from '../../formats/syslog.ts'
import type { SourceRecord } from '../../source/record.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import { SyslogFrames } from './frames.ts'

const HANDSHAKE_WITHIN_MS = 10_000
const KEEP_ALIVE_AFTER_MS = 60_000

export interface SyslogSettings {
  readonly name: string
  readonly format: FormatName
  readonly timezone: string
  readonly host: string
  readonly port: number
  readonly tls?: TlsConfig | undefined
  readonly max_connections: number
}

export interface RunningSyslog extends RunningSource {
  readonly port: number
}

/**
 * Listens for syslog. The protocol has no acknowledgement: what a sender has
 * written into a connection it takes for delivered, and what we had not read, or
 * read and not yet appended, when we die is lost, though it is little: nothing
 * more is read from a connection while what came from it is not in the log, so a
 * log that is away makes senders wait, and spool if they can.
 */
export async function startSyslog(settings: SyslogSettings, context: SourceContext): Promise<RunningSyslog> {
  const { intake, metrics, logger } = context
  const textOf = messageReader(settings, context.now)
  const start = randomUUID()
  let received = 0
  const connections = new Map<Socket, Promise<void>>()
  const { promise: ended, reject } = Promise.withResolvers<void>()
  let stopping = false

  async function take(records: readonly SourceRecord[]): Promise<void> {
    if (records.length === 0) return
    const offered = records.map((record) => {
      received += 1
      return { record: textOf(record), identity: `${start}:${received}`, repeats: false }
    })
    await intake.take({ records: offered, position: null })
  }

  async function serve(socket: Socket): Promise<void> {
    const frames = new SyslogFrames()
    try {
      for await (const chunk of socket) if (Buffer.isBuffer(chunk)) await take(frames.push(chunk))
    } catch (error) {
      if (!stopping) logger.debug({ err: error }, 'a connection for syslog broke')
    }
    const rest = frames.end()
    if (rest === null || stopping) return
    metrics.lost('cut_connection')
    await take([rest])
  }

  function connected(socket: Socket): void {
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS)
    const serving = serve(socket)
      .catch((error: unknown) => logger.debug({ err: error }, 'syslog could not be taken'))
      .finally(() => {
        connections.delete(socket)
        socket.destroy()
      })
    connections.set(socket, serving)
  }

  const tls = await readTls(settings.tls, `collector.sources.${settings.name}.tls`)
  const server: Server =
    tls === null
      ? createServer(connected)
      : createTlsServer({ ...tls, handshakeTimeout: HANDSHAKE_WITHIN_MS }, connected)
  server.maxConnections = settings.max_connections
  server.on('drop', () => metrics.refused('too_many_connections'))
  server.on('tlsClientError', () => metrics.refused('unauthenticated'))
  server.listen({ host: settings.host, port: settings.port })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, { ...settings, setting: `collector.sources.${settings.name}.port` })
  }
  server.on('error', reject)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : settings.port,
    ended,
    caughtUpMs: () => null,
    async stop() {
      stopping = true
      const closed = once(server, 'close')
      server.close()
      const serving = [...connections.values()]
      for (const socket of connections.keys()) socket.destroy()
      await Promise.all([closed, ...serving])
    },
  }
}

/** Formats that read the head of syslog themselves; of others it is taken off. */
const WITH_HEAD: ReadonlySet<FormatName> = new Set(['sshd', 'cef'])

function messageReader(
  { format, timezone }: SyslogSettings,
  now: () => number,
): (record: SourceRecord) => SourceRecord {
  if (WITH_HEAD.has(format)) return (record) => record
  const head = syslogReader({
    year: null,
    get written_ms() {
      return now()
    },
    get now_ms() {
      return now()
    },
    timezone,
  })
  return (record) => {
    const line = record.problem === null ? head.read(record.text) : 'no_timestamp'
    return typeof line === 'string' ? record : { ...record, text: line.message }
  }
}
