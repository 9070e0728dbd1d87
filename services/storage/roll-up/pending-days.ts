import type { ClickHouseClient } from '@clickhouse/client'
import { GENERATION } from './roll-ups.ts'

/** A day, by UTC, of a tenant that has to be rolled up. */
export interface PendingDay {
  readonly tenant: string
  /** `2026-01-31`. */
  readonly day: string
  /** The store's clock up to which the day's decisions will be in, in its own form. */
  readonly upTo: string
}

/**
 * How long an insert may be under way after its view wrote down when it began: the longest that a client
 * waits for one, and as long again. Until then a day is not taken for whole.
 */
const UNDER_WAY_S = 240

/** Days of this or an earlier hour are over: what is a little late is counted the first time. */
const OVER_AFTER_S = 600

/** Most days of one look. */
const MOST = 400

/** A day that is rolled up and gets decisions without a pause is rolled up again this often. */
const AGAIN_AFTER_S = 3600

/**
 * Days that are over and were written to after they were rolled up, or were
 * rolled up by an older version into fewer tables, newest first: panels ask for
 * the newest. A day that is being written to waits until
 * that is over, and is read from the decisions for as long; so does what an
 * import brings.
 */
export async function pendingDays(client: ClickHouseClient): Promise<readonly PendingDay[]> {
  const result = await client.query({
    query: `SELECT tenant, toString(day) AS date, toString(least(max(stored_at), now64(3, 'UTC') - INTERVAL ${UNDER_WAY_S} SECOND)) AS upTo
      FROM decision_days
      GROUP BY tenant, day
      HAVING (max(stored_at) > max(rolled_at) OR max(generation) < ${GENERATION}) AND max(stored_at) > toDateTime64(0, 3, 'UTC') AND toDateTime(day, 'UTC') + INTERVAL 1 DAY + INTERVAL ${OVER_AFTER_S} SECOND <= now()
        AND (max(stored_at) <= now() - INTERVAL ${UNDER_WAY_S} SECOND
          OR (max(rolled_at) > toDateTime64(0, 3, 'UTC') AND max(rolled_at) < now() - INTERVAL ${AGAIN_AFTER_S} SECOND))
      ORDER BY day DESC, tenant LIMIT ${MOST}`,
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ tenant: string; date: string; upTo: string }>()
  return rows.map(({ tenant, date, upTo }) => ({ tenant, day: date, upTo }))
}
