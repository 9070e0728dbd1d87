import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { Kafka } from 'kafkajs'
import type { ISocketFactory, KafkaConfig as ClientConfig, RetryOptions, SASLOptions } from 'kafkajs'
import type { Logger } from 'pino'
import { readFileIfNamed } from '../../../named-file.ts'
import { readSecretFile } from '../../../secrets.ts'
import { installZstd } from './compression.ts'
import type { KafkaConfig } from '../config.ts'
import { logBridge, logLevelOf } from './log-bridge.ts'
import { quietRequestQueues } from './request-queue.ts'

/**
 * Pauses between tries of one request, 50 ms and growing to 2 s, about ten
 * seconds in all: long enough for a partition's new leader. What lasts longer is
 * a fault that the driver sees and repeats itself. kafkajs alone starts at
 * 300 ms, and chooses other figures when NODE_ENV is `test`.
 */
const RETRY = { initialRetryTime: 50, maxRetryTime: 2000, factor: 0.2, multiplier: 2, retries: 8 }
const CONNECT_MS = 5000
const REQUEST_MS = 15_000
const MAX_WAITING = 1_000

/**
 * The kafkajs client of a configuration; connects nothing yet. Reads the files
 * that `kafka.ssl` and `kafka.sasl` name; throws `ERR_CONFIG_INVALID` when one
 * can't be read.
 */
export async function connectKafka(
  config: KafkaConfig,
  logger: Logger,
  retry: RetryOptions = RETRY,
): Promise<Kafka> {
  quietRequestQueues()
  installZstd()
  const [ssl, sasl] = await Promise.all([tlsOf(config), saslOf(config)])
  const settings: ClientConfig = {
    brokers: config.brokers,
    clientId: config.client_id,
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry,
    socketFactory: promptSockets,
    logLevel: logLevelOf(logger),
    logCreator: () => logBridge(logger),
  }
  if (ssl) settings.ssl = ssl
  if (sasl) settings.sasl = sasl
  return new Kafka(settings)
}

/** Without Nagle's delay: small requests follow each other, and each would wait for the acknowledgement of the last. */
const promptSockets: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect)
  socket.setKeepAlive(true, 60_000)
  socket.setNoDelay(true)
  // kafkajs unrefs a lost socket once for each request that was under way, and Node takes more than ten for a leak.
  socket.setMaxListeners(MAX_WAITING)
  return socket
}

async function tlsOf({ ssl }: KafkaConfig): Promise<ConnectionOptions | null> {
  if (ssl === false) return null
  const [ca, cert, key] = await Promise.all([
    readFileIfNamed(ssl.ca_file, 'kafka.ssl.ca_file'),
    readFileIfNamed(ssl.cert_file, 'kafka.ssl.cert_file'),
    readFileIfNamed(ssl.key_file, 'kafka.ssl.key_file'),
  ])
  return { minVersion: 'TLSv1.2', ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) }
}

async function saslOf({ sasl }: KafkaConfig): Promise<SASLOptions | null> {
  if (!sasl) return null
  const password =
    sasl.password ?? (await readSecretFile(sasl.password_file ?? '', 'kafka.sasl.password_file'))
  return { mechanism: sasl.mechanism, username: sasl.username, password }
}
