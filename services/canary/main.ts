import type { ClickHouseClient } from '@clickhouse/client'
import { CANARY_TENANT, canarySubject } from '../../schemas/canary.ts'
import { subjectEntityId } from '../../schemas/entity.ts'
import { Control } from '../../schemas/control.ts'
import { accessScored, control } from '../../schemas/topics.ts'
import { canaryAge, noteCanaryAge } from '../runtime/canary-age.ts'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import type { EventLog, Table } from '../runtime/log/event-log.ts'
import { parseJson } from '../runtime/log/json-record.ts'
import { partitionOf } from '../runtime/log/partitioner.ts'
import { repeatOneAtATime } from '../runtime/one-at-a-time.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'

const EVERY_MS = 1000
/** The store is asked at every so many-th look. */
const ASK_EVERY = 3
/** Newest records of a partition that are looked at in one look. */
const MOST_RECORDS = 5000
/** A gateway whose heartbeat is older has stopped: its silence is another alert's business. */
const ALIVE_MS = 30_000

/** When each gateway's newest canary was decided, by its subject. */
type Seen = Map<string, number>

export interface CanaryWatchOptions {
  readonly endpoint: ClickHouseEndpoint
  readonly now?: () => number
  /** How long the store may take to answer, in milliseconds. */
  readonly request_timeout_ms?: number
}

/**
 * Watches how far the gateways' canaries get: into the topic of scored
 * decisions, and out of the store again. Each stage's age is that of the living
 * gateway that is worst off, so that one partition that stands still shows. A
 * canary's key says in which partition it is, so only these are read.
 */
export async function startCanaryWatch(
  runtime: Runtime,
  { endpoint, now = Date.now, request_timeout_ms = 5000 }: CanaryWatchOptions,
): Promise<Running> {
  const { eventLog } = runtime
  const logger = runtime.logger.child({ service: 'canary' })
  const gauge = canaryAge(runtime.metrics)
  const heartbeats = await eventLog.openTable(control)
  const client = openClickHouse(endpoint, { request_timeout_ms })
  const began = now()
  const scored: Seen = new Map()
  const stored: Seen = new Map()
  const cursor = new Map<number, number>()
  let looks = 0
  let failing = false

  async function look(stopping: AbortSignal): Promise<void> {
    const subjects = livingGateways(heartbeats, now())
    if (subjects.length === 0) {
      // Nobody sings: that is no delay of what comes after.
      for (const stage of ['scored', 'store'] as const) gauge.remove({ stage })
      return
    }
    await readScored(eventLog, subjects, cursor, scored)
    noteCanaryAge(gauge, 'scored', worst(subjects, scored, began, now()))
    looks += 1
    try {
      if (looks % ASK_EVERY === 1) await askStore(client, stored, stopping)
    } finally {
      noteCanaryAge(gauge, 'store', worst(subjects, stored, began, now()))
    }
  }

  const looking = repeatOneAtATime({
    every_ms: EVERY_MS,
    async turn(stopping) {
      await look(stopping)
      failing = false
    },
    failed(error) {
      // The age says it: it grows as long as nobody can look.
      if (!failing) logger.debug({ err: error }, 'the canaries could not be looked for')
      failing = true
    },
  })
  return {
    async stop() {
      await looking.stop()
      await client.close()
      await heartbeats.close()
    },
  }
}

function livingGateways(heartbeats: Table, nowMs: number): string[] {
  const subjects: string[] = []
  for (const [, value] of heartbeats.entries()) {
    const json = parseJson({ value })
    const heartbeat = json.kind === 'ok' ? Control.safeParse(json.value).data : undefined
    if (heartbeat?.kind === 'heartbeat' && Date.parse(heartbeat.at) + ALIVE_MS > nowMs)
      subjects.push(subjectEntityId(canarySubject(heartbeat.pep_id)))
  }
  return subjects
}

async function readScored(
  eventLog: EventLog,
  subjects: readonly string[],
  cursor: Map<number, number>,
  seen: Seen,
): Promise<void> {
  const keys = new Map(subjects.map((subject) => [`${CANARY_TENANT}/subject/${subject}`, subject]))
  const count = eventLog.partitions(accessScored)
  const partitions = new Set([...keys.keys()].map((key) => partitionOf(key, count)))
  for (const { partition, low, high } of await eventLog.watermarks(accessScored)) {
    const from = Math.max(low, cursor.get(partition) ?? low, high - MOST_RECORDS)
    if (!partitions.has(partition) || from >= high) continue
    for await (const records of eventLog.read(accessScored, { partition, from, to: high })) {
      for (const { key, headers } of records) {
        const subject = keys.get(key)
        const at = Date.parse(headers['ce_time'] ?? '')
        if (subject !== undefined && at > (seen.get(subject) ?? 0)) seen.set(subject, at)
      }
    }
    cursor.set(partition, high)
  }
}

async function askStore(client: ClickHouseClient, seen: Seen, stopping: AbortSignal): Promise<void> {
  const result = await client.query({
    query: `SELECT concat(subject_type, ':', subject_id) AS subject, toUnixTimestamp64Milli(max(decided_at)) AS at
            FROM decisions WHERE tenant = {tenant:String} AND decided_at > now64(3) - INTERVAL 1 HOUR
            GROUP BY subject LIMIT 10000`,
    query_params: { tenant: CANARY_TENANT },
    abort_signal: stopping,
    format: 'JSONEachRow',
    clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
  })
  for (const { subject, at } of await result.json<{ subject: string; at: number }>()) seen.set(subject, at)
}

/** Of the gateway that is worst off; one that was never seen is as late as this watch is old. */
function worst(subjects: readonly string[], seen: Seen, began: number, nowMs: number): number {
  return Math.max(...subjects.map((subject) => nowMs - (seen.get(subject) ?? began))) / 1000
}
