import type { ClickHouseClient } from '@clickhouse/client'
import { pino } from 'pino'
import { privacyErasures, topics } from '../../../schemas/topics.ts'
import { openRawRuntime, type OpenRuntime } from '../../../services/cli/open-runtime.ts'
import type { Config } from '../../../services/config.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { openStore, type Store } from '../../../services/runtime/clickhouse/open-store.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { rowsOf } from '../store/temp-engine.ts'

const logger = pino({ level: 'silent' })

/** Log and store of a data directory that nobody else has open. */
export async function withBoth<T>(
  config: Config,
  run: (runtime: OpenRuntime, store: Store, client: ClickHouseClient) => Promise<T>,
): Promise<T> {
  const runtime = await openRawRuntime(config, logger)
  const store = await openStore({ dataDir: config.data_dir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint)
  try {
    return await run(runtime, store, client)
  } finally {
    await client.close()
    await store.stop()
    await runtime.close()
  }
}

/** A record of the log as a line: topic, partition, offset, key, headers, value; erasures themselves apart. */
export async function linesOf(eventLog: EventLog): Promise<string[]> {
  const lines: string[] = []
  for (const topic of topics)
    for (const { partition } of topic.name === privacyErasures.name ? [] : await eventLog.watermarks(topic))
      for await (const records of eventLog.read(topic, { partition }))
        for (const { offset, key, value, headers } of records)
          lines.push(
            `${topic.name} ${partition} ${offset} ${key} ${JSON.stringify(headers)} ${value === null ? '' : Buffer.from(value).toString('latin1')}`,
          )
  return lines
}

/** Every row of every table that names things; sets of hashes and the days that are counted again apart. */
export async function rowsIn(client: ClickHouseClient): Promise<string[]> {
  const tables = await rowsOf<{ name: string }>(
    client,
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'ReplacingMergeTree' AND name != 'schema_migrations'`,
  )
  const rows: string[] = []
  for (const { name } of tables)
    for (const row of await rowsOf<Record<string, unknown>>(client, `SELECT * FROM ${name}`)) {
      const letter =
        name === 'dead_letters' ? Buffer.from(String(row['value_base64']), 'base64').toString() : ''
      rows.push(`${name} ${JSON.stringify(row)} ${letter}`)
    }
  return rows.sort()
}
