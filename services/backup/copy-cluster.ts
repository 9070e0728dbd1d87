import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { LogTopic } from '../../schemas/topics.ts'
import type { EventLog, LogRecord } from '../runtime/log/event-log.ts'
import { dataFiles } from './data-files.ts'
import type { Manifest } from './manifest.ts'
import { backUpStore, storedRows, storeVersion } from './store-copy.ts'
import type { Copied, Piece, Told } from './take-backup.ts'

export interface ClusterSource {
  readonly dataDir: string
  readonly eventLog: EventLog
  /** Of the catalogue. */
  readonly topics: readonly LogTopic[]
  /** Whose positions are written down. */
  readonly groups: readonly string[]
  /** Null: the store is left out. */
  readonly store: {
    readonly client: ClickHouseClient
    readonly database: string
    /** As ClickHouse's BACKUP takes it. */
    readonly destination: string
  } | null
  readonly told: Told
}

/** A record of a compacted topic in a backup, a line each. */
export interface ExportedRecord {
  readonly partition: number
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  /** Base64; null: the key was removed. */
  readonly value: string | null
}

/**
 * Copies what of a deployment on Kafka and a ClickHouse server has no other
 * copy: the data directory's keys and tokens, the compacted topics (risk,
 * stories, state, …) and where every group stood. The other topics are Kafka's
 * own, replicated; the store writes its backup itself, to where it is told.
 *
 * Positions come before the store's backup. So a store that is restored has at
 * least every row before them, and a storage group that is put back to them
 * repeats rows rather than lacks any: tables replace a row by its event's id.
 */
export async function copyCluster(
  source: ClusterSource,
  id: string,
  seal: (pieces: readonly Piece[]) => Promise<void>,
): Promise<Copied> {
  const { dataDir, eventLog, topics, groups, told } = source
  const work = join(dataDir, 'backup-work', id)
  await mkdir(work, { recursive: true, mode: 0o700 })
  const files = await dataFiles(dataDir)
  await seal(files.map((file) => ({ path: `data/${file}`, from: join(dataDir, file) })))
  const committed: Copied['committed'] = {}
  for (const group of groups) {
    for (const topic of topics) {
      for (const [partition, next] of await eventLog.committed(group, topic))
        committed[`${group}/${topic.name}/${partition}`] = next
    }
  }
  const marks: Copied['topics'] = {}
  const pieces: Piece[] = []
  for (const [index, topic] of topics.entries()) {
    marks[topic.name] = [...(await eventLog.watermarks(topic))]
    if (!topic.compacted) continue
    const from = join(work, `${topic.name}.jsonl`)
    await exportTopic(eventLog, topic, from)
    pieces.push({ path: `tables/${topic.name}.jsonl`, from })
    told('log', index + 1, topics.length)
  }
  return { topics: marks, committed, pieces, log: 'kafka', store: await copyStore(source) }
}

/** Removes what a copy left beside the data. */
export async function removeExports(dataDir: string, id: string): Promise<void> {
  await rm(join(dataDir, 'backup-work', id), { recursive: true, force: true })
}

async function copyStore({ store, told }: ClusterSource): Promise<Manifest['store']> {
  if (store === null) return { kind: 'none' }
  const { client, database, destination } = store
  const rows = await storedRows(client, database)
  await backUpStore(client, database, destination, (done, total) => told('store', done, total))
  return { kind: 'server', version: await storeVersion(client), rows, destination }
}

async function exportTopic(eventLog: EventLog, topic: LogTopic, path: string): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  const written = finished(file)
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition })) {
      const lines = records.map((record) => `${JSON.stringify(exported(partition, record))}\n`)
      if (!file.write(lines.join(''))) await once(file, 'drain')
    }
  }
  file.end()
  await written
}

function exported(partition: number, { key, headers, value }: LogRecord): ExportedRecord {
  return { partition, key, headers, value: value === null ? null : Buffer.from(value).toString('base64') }
}
