import type { ClickHouseClient } from '@clickhouse/client'
import { rollUpDay } from '../../../services/storage/roll-up/roll-up-day.ts'
import { readRollUps } from '../../../services/storage/roll-up/roll-ups.ts'

/** Rolls up every day that has decisions, as the storage worker does once a day is over. */
export async function rollUpAll(client: ClickHouseClient): Promise<void> {
  const rollUps = await readRollUps()
  const result = await client.query({
    query: 'SELECT DISTINCT tenant, toString(day) AS date FROM decision_days',
    format: 'JSONEachRow',
  })
  for (const { tenant, date } of await result.json<{ tenant: string; date: string }>())
    await rollUpDay(client, rollUps, {
      tenant,
      day: date,
      upTo: new Date().toISOString().slice(0, 23).replace('T', ' '),
    })
}
