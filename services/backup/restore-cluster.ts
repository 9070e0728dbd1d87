import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { LogTopic } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog, OutRecord } from '../runtime/log/event-log.ts'
import type { BackupKey } from './key.ts'
import type { Manifest } from './manifest.ts'
import { openSealed } from './sealed-file.ts'
import type { Told } from './take-backup.ts'

const Exported = z.strictObject({
  partition: z.int().min(0),
  key: z.string(),
  headers: z.record(z.string(), z.string()),
  value: z.base64().nullable(),
})
const RECORDS_AT_ONCE = 500

/** Brings the compacted topics of a backup back into topics that are empty still. */
export async function restoreTables(options: {
  readonly directory: string
  readonly manifest: Manifest
  readonly key: BackupKey
  readonly dataDir: string
  readonly eventLog: EventLog
  readonly topics: readonly LogTopic[]
  readonly told: Told
}): Promise<void> {
  const { directory, manifest, key, dataDir, eventLog, told } = options
  const tables = options.topics.filter(({ compacted }) => compacted)
  // All are looked at before any is written, so that a refusal changes nothing.
  for (const topic of tables) {
    const marks = await eventLog.watermarks(topic)
    if (marks.some(({ high }) => high > 0))
      throw new GatewatchError(
        'ERR_BACKUP',
        `The topic ${topic.name} is not empty; restore into topics that nobody has written to (gatewatch topics creates them, or set kafka.topic_prefix).`,
      )
    const before = manifest.topics[topic.name]?.length ?? marks.length
    if (before !== marks.length)
      throw new GatewatchError(
        'ERR_BACKUP',
        `The topic ${topic.name} had ${before} partitions and has ${marks.length}; create it with ${before}, since state lies in the partition of its input.`,
      )
  }
  for (const [index, topic] of tables.entries()) {
    const path = `tables/${topic.name}.jsonl`
    if (!manifest.files.some((file) => file.path === path)) continue
    const plain = join(dataDir, 'backup-work', `${manifest.id}.jsonl`)
    await mkdir(dirname(plain), { recursive: true, mode: 0o700 })
    await rm(plain, { force: true })
    try {
      await openSealed(join(directory, path), plain, key.fileKey(path), () => {})
      await appendAll(eventLog, topic, plain)
    } finally {
      await rm(plain, { force: true })
    }
    told('restoring', index + 1, tables.length)
  }
}

async function appendAll(eventLog: EventLog, topic: LogTopic, path: string): Promise<void> {
  let records: OutRecord[] = []
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const { partition, key, headers, value } = Exported.parse(JSON.parse(line))
    records.push({
      topic,
      partition,
      key,
      headers,
      value: value === null ? null : Buffer.from(value, 'base64'),
    })
    if (records.length < RECORDS_AT_ONCE) continue
    await eventLog.append(records)
    records = []
  }
  await eventLog.append(records)
}
