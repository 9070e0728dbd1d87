import type { ClickHouseClient } from '@clickhouse/client'
import type { Config } from '../../../services/config.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import type { Report } from '../../../services/verify/report.ts'
import { verifyStore } from '../store/chained-store.ts'
import { START } from './drafts.ts'
import { linesOf, rowsIn, withBoth } from './log-and-store.ts'

export interface Contents {
  /** Records of the log, by place; erasures themselves apart. */
  readonly lines: readonly string[]
  readonly rows: readonly string[]
  readonly report: Report
  /** The same, once an erased decision was altered; null where that was not asked for. */
  readonly altered: Report | null
}

/** All that log and store hold, as text: columns are compressed on the disk, and a look at the files alone would miss them. */
export function contentsOf(config: Config, alter = false): Promise<Contents> {
  const { data_dir: dataDir } = config
  return withBoth(config, async ({ eventLog }, _store, client) => {
    const lines = await linesOf(eventLog)
    const report = await verifyNow(dataDir, eventLog, client)
    const rows = await rowsIn(client)
    return { lines, rows, report, altered: alter ? await tampered(dataDir, eventLog, client) : null }
  })
}

function verifyNow(dataDir: string, eventLog: EventLog, client: ClickHouseClient): Promise<Report> {
  const from = new Date(START - 1000).toISOString()
  return verifyStore({ dataDir, eventLog, client }, { now: START + 7_200_000, from })
}

/** What is found when an erased decision is altered; it is put back. */
async function tampered(dataDir: string, eventLog: EventLog, client: ClickHouseClient): Promise<Report> {
  const change = (by: string) =>
    client.command({
      query: `ALTER TABLE decisions UPDATE latency_us = latency_us ${by} WHERE subject_id = 'erased' AND pep_seq = 20`,
      clickhouse_settings: { mutations_sync: '2' },
    })
  await change('+ 1')
  const report = await verifyNow(dataDir, eventLog, client)
  await change('- 1')
  return report
}
