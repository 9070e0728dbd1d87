import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { control, scoringSnapshots, type LogTopic } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog, OutRecord } from '../runtime/log/event-log.ts'
import { readRecord } from '../runtime/log/json-record.ts'
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
  const anew = await isAnew(eventLog, options.topics, manifest)
  for (const [index, topic] of tables.entries()) {
    const path = `tables/${topic.name}.jsonl`
    if (anew && topic.name === scoringSnapshots.name) continue
    if (!manifest.files.some((file) => file.path === path)) continue
    const plain = join(dataDir, 'backup-work', `${manifest.id}.jsonl`)
    await mkdir(dirname(plain), { recursive: true, mode: 0o700 })
    await rm(plain, { force: true })
    try {
      await openSealed(join(directory, path), plain, key.fileKey(path), () => {})
      await appendAll(eventLog, topic, plain, anew)
    } finally {
      await rm(plain, { force: true })
    }
    told('restoring', index + 1, tables.length)
  }
}

/**
 * Whether the topics that are kept by time are empty, so that offsets begin anew;
 * then no group's position and no offset of the backup means anything. Where
 * records were mirrored they do: a group without a position would do again what
 * the restored state has seen, so it is refused.
 */
async function isAnew(eventLog: EventLog, topics: readonly LogTopic[], manifest: Manifest): Promise<boolean> {
  let anew = true
  for (const topic of topics.filter(({ compacted }) => !compacted)) {
    const filled = (await eventLog.watermarks(topic)).filter(({ low, high }) => high > low)
    if (filled.length === 0) continue
    anew = false
    const end = `/${topic.name}/`
    const groups = Object.keys(manifest.committed).flatMap((place) => {
      const at = place.indexOf(end)
      return at === -1 ? [] : [{ group: place.slice(0, at), partition: Number(place.slice(at + end.length)) }]
    })
    for (const { group, partition } of groups) {
      if (!filled.some((marks) => marks.partition === partition)) continue
      if ((await eventLog.committed(group, topic)).has(partition)) continue
      throw new GatewatchError(
        'ERR_BACKUP',
        `The topic ${topic.name} holds records and the group ${group} has no position in it: it would do again what the backup has seen. Put groups to the positions in the backup's manifest.json first (kafka-consumer-groups.sh --reset-offsets), or restore into empty topics.`,
      )
    }
  }
  return anew
}

/** Says something about offsets of a log: where a calibration or rules were taken up, where a snapshot lies. */
function isOfOffsets(topic: LogTopic, value: Uint8Array | null): boolean {
  if (topic.name !== control.name) return false
  const kind = readRecord(control.schema, { value })?.kind
  return kind === 'snapshots' || kind === 'adoption' || kind === 'rule_set'
}

async function appendAll(eventLog: EventLog, topic: LogTopic, path: string, anew: boolean): Promise<void> {
  let records: OutRecord[] = []
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const { partition, key, headers, value } = Exported.parse(JSON.parse(line))
    const bytes = value === null ? null : Buffer.from(value, 'base64')
    if (anew && isOfOffsets(topic, bytes)) continue
    records.push({ topic, partition, key, headers, value: bytes })
    if (records.length < RECORDS_AT_ONCE) continue
    await eventLog.append(records)
    records = []
  }
  await eventLog.append(records)
}
