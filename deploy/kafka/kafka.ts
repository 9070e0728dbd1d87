import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startCluster } from './cluster.ts'

/** `node deploy/kafka/kafka.ts`: one broker, or three, on localhost until Ctrl-C. See README.md. */
const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: '1' },
    port: { type: 'string', default: '9092' },
    dir: { type: 'string', default: '.gatewatch/kafka' },
  },
})
const count = Number(values.brokers)
const port = Number(values.port)
if (![1, 3].includes(count) || !Number.isInteger(port) || port < 1 || port > 65_000)
  throw new RangeError('--brokers is 1 or 3, --port a port below 65,000')

const cluster = await startCluster(
  Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    directory: resolve(values.dir, `broker-${index + 1}`),
    host: '127.0.0.1',
    port: port + index,
    controllerPort: port + 100 + index,
  })),
  ['-Xms256m', '-Xmx512m'],
)
process.stdout.write(`Kafka serves at ${cluster.brokers.join(',')}. Ctrl-C ends it.\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void cluster.close().then(() => process.exit(0)))
