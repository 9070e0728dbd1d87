import { exportOcsf, topics, type LogTopic } from '../../../schemas/topics.ts'
import type { Config } from '../../config.ts'
import { exportToTopic } from '../../console/export/to-topic.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { checkKafka } from '../../runtime/log/kafka/admin/admin.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { CliContext } from '../context.ts'
import type { ExportFlags } from './flags.ts'

/** Exports what the log holds to a topic on Kafka, from where the last run ended; with `--follow` without an end. */
export async function exportTopic(
  { io }: CliContext,
  { eventLog, logger }: Runtime,
  config: Config,
  flags: ExportFlags,
  range: { readonly from_ms: number | null; readonly to_ms: number | null },
): Promise<void> {
  const topic = topicOf(flags.kafkaTopic)
  if (config.kafka === undefined)
    throw new GatewatchError(
      'ERR_USAGE',
      '--kafka-topic needs Kafka: set kafka.brokers in the configuration.',
    )
  if (topic !== exportOcsf) await checkKafka(config.kafka, logger, [topic])
  let exported = 0
  const consumption = await exportToTopic({
    eventLog,
    of: flags.class,
    topic,
    group: flags.group ?? `export-${flags.class}-${topic.name}`,
    ...range,
    tenant: flags.tenant,
    failed: (error) => logger.warn({ err: error }, 'a batch could not be exported and is tried again'),
    progress: (n) => (exported += n),
  })
  if (flags.follow === true) await untilStopped(() => io.stderr.write(`Exporting to ${topic.name}.\n`))
  else await consumption.drained()
  await consumption.stop()
  io.stderr.write(`Exported ${exported} ${flags.class} to ${topic.name}.\n`)
}

/** A topic of the operator's may be called anything that Kafka allows, but none of ours: what reads them expects ours. */
function topicOf(name: string | true | undefined): LogTopic {
  if (typeof name !== 'string' || name === exportOcsf.name) return exportOcsf
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(name) || topics.some((ours) => ours.name === name))
    throw new GatewatchError(
      'ERR_USAGE',
      `${JSON.stringify(name)} can't be exported to; name a topic of your own.`,
    )
  return { ...exportOcsf, name }
}

async function untilStopped(began: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    began()
  })
}
