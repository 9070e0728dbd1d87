/**
 * The storage worker as a process of its own, on the store of a data directory and
 * its log, or the log on Kafka that the third argument names; there it has a share of
 * the partitions. With `die-before-commit` it kills itself after its rows are stored
 * and before the log commits them: the worst moment there is. Tells its parent of
 * each batch that is stored: topic and partitions.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { locateEngine } from '../../../services/runtime/clickhouse/endpoint-file.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { wrapLog } from '../../../services/runtime/log/wrap-log.ts'
import { StorageConfig } from '../../../services/storage/config.ts'
import { startStorage } from '../../../services/storage/main.ts'
import { openForChild } from '../log/kafka-log-driver.ts'

const [dataDir = '', mode = 'live', kafka] = process.argv.slice(2)
const logger = pino({ level: 'silent' })
let endpoint = await locateEngine(dataDir)
for (; !endpoint; endpoint = await locateEngine(dataDir)) await pause(20)
const log =
  kafka === undefined
    ? await openEmbeddedLog({ directory: dataDir, partitions: 4, logger })
    : await openForChild(kafka)
const eventLog = wrapLog(log, {
  consume: (options) =>
    log.consume({
      ...options,
      async handle(batch) {
        const outputs = await options.handle(batch)
        process.send?.(batch.parts.map(({ topic, partition }) => `${topic.name}/${partition}`))
        if (mode === 'die-before-commit') process.kill(process.pid, 'SIGKILL')
        return outputs
      },
    }),
})
const config = StorageConfig.parse({
  linger_ms: 100,
  min_rows: 500,
  max_rows: 2_000,
  share: kafka === undefined ? 'topics' : 'partitions',
})
await startStorage({ dataDir, logger, metrics: new Registry(), eventLog }, config, { endpoint })
process.send?.('started')
