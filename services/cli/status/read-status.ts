import { Control } from '../../../schemas/control.ts'
import { control, topics } from '../../../schemas/topics.ts'
import type { Config } from '../../config.ts'
import { locateEngine } from '../../runtime/clickhouse/endpoint-file.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { storeTrouble } from '../roles/store-trouble.ts'
import { readProgress } from '../../verify/progress.ts'
import { table } from '../table.ts'
import { askProcess, processText } from './ask-process.ts'
import type { ProcessState } from './ask-process.ts'

const GROUPS = ['scoring', 'scoring-source', 'scoring-policy', 'feedback', 'storage'] as const
const RULE_GROUPS = ['scoring-rules', 'scoring-rule-matches'] as const

export interface Status {
  readonly ready: boolean
  readonly process: ProcessState
  readonly store: string
  readonly readers: readonly {
    group: string
    running: boolean
    topic: string
    handled: number
    lag: number
  }[]
  /** Stored decisions before this instant are verified; null: not yet. */
  readonly verified: { readonly to: string | null; readonly problems: number } | null
  /** Live sources of the collector, as they last told of themselves. */
  readonly sources: readonly {
    source: string
    way: string
    seconds_ago: number
    lag_ms: number
    last_record_at: string | null
    silent: boolean
  }[]
  readonly gateways: readonly { pep_id: string; seconds_ago: number; seq: number; risk_age_ms: number }[]
}

/** Reads the state of a data directory from its log, its store and the admin port of the process that runs it. */
export async function readStatus(
  { dataDir, eventLog }: Runtime,
  config: Config,
  now = Date.now(),
): Promise<Status> {
  const [process, store, readers, told, verified] = await Promise.all([
    askProcess(config.admin),
    storeState(dataDir, config),
    readersOf(eventLog, config.scoring.rules === undefined ? GROUPS : [...GROUPS, ...RULE_GROUPS]),
    toldOf(eventLog, now),
    readProgress(eventLog, config.tenant),
  ])
  const running = readers.length > 0 && readers.every((reader) => reader.running)
  return {
    ready: process.answers && Object.keys(process.failing).length === 0 && running,
    process,
    store,
    readers,
    verified: verified === null ? null : { to: verified.verified_to, problems: verified.problems },
    ...told,
  }
}

export function statusText(status: Status): string {
  const readers = status.readers.map((r) => [
    r.group,
    r.topic,
    r.running ? 'yes' : 'no',
    String(r.handled),
    String(r.lag),
  ])
  const gateways = status.gateways.map((g) => [
    g.pep_id,
    `${g.seconds_ago} s ago`,
    String(g.seq),
    String(g.risk_age_ms),
  ])
  const sources = status.sources.map((s) => [
    s.source,
    s.way,
    `${s.seconds_ago} s ago`,
    String(s.lag_ms),
    `${s.last_record_at ?? 'none yet'}${s.silent ? ', silent' : ''}`,
  ])
  return [
    `${processText(status.process)}store    ${status.store}\n${verifiedText(status.verified)}`,
    readers.length === 0
      ? 'Nobody has read this log yet.\n'
      : table(['reader', 'topic', 'running', 'handled', 'lag'], readers),
    sources.length === 0 ? '' : table(['source', 'way', 'told', 'lag in ms', 'last record'], sources),
    gateways.length === 0 ? '' : table(['gateway', 'heartbeat', 'last decision', 'risk age in ms'], gateways),
  ].join('\n')
}

async function storeState(dataDir: string, config: Config): Promise<string> {
  if (config.clickhouse.url !== undefined) return `server at ${new URL(config.clickhouse.url).host}`
  const endpoint = await locateEngine(dataDir)
  if (!endpoint) return 'not running'
  return (await storeTrouble(endpoint)) ?? 'answers'
}

async function readersOf(eventLog: EventLog, groups: readonly string[]): Promise<Status['readers']> {
  const readers: Status['readers'][number][] = []
  for (const group of groups) {
    const running = await eventLog.hasMembers(group)
    for (const topic of topics) {
      const committed = await eventLog.committed(group, topic)
      if (committed.size === 0) continue
      let lag = 0
      let handled = 0
      for (const { partition, low, high } of await eventLog.watermarks(topic)) {
        const next = committed.get(partition) ?? low
        handled += next
        lag += Math.max(0, high - next)
      }
      readers.push({ group, running, topic: topic.name, handled, lag })
    }
  }
  return readers
}

function verifiedText(verified: Status['verified']): string {
  if (verified === null || verified.to === null) return ''
  const wrong =
    verified.problems === 0 ? 'nothing wrong' : `${verified.problems} problems: run gatewatch verify`
  return `verified up to ${verified.to}, ${wrong}\n`
}

/** What gateways and live sources have told of themselves. */
async function toldOf(eventLog: EventLog, now: number): Promise<Pick<Status, 'gateways' | 'sources'>> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    const gateways: Status['gateways'][number][] = []
    const sources: Status['sources'][number][] = []
    for (const [, value] of table.entries()) {
      const told = readRecord(Control, { value })
      if (told?.kind !== 'heartbeat' && told?.kind !== 'source') continue
      const seconds_ago = Math.round((now - Date.parse(told.at)) / 1000)
      if (told.kind === 'heartbeat') {
        const { pep_id, seq, risk_age_ms } = told
        gateways.push({ pep_id, seq, risk_age_ms, seconds_ago })
      } else {
        const { name, way, lag_ms, last_record_at, silent } = told
        sources.push({
          source: name.slice(name.indexOf('/') + 1),
          way,
          seconds_ago,
          lag_ms,
          last_record_at,
          silent,
        })
      }
    }
    return { gateways, sources }
  } finally {
    await table.close()
  }
}
