import type { ClickHouseClient } from '@clickhouse/client'
import { parseDecision, type Decision } from '../../schemas/decision.ts'
import { entityKey, subjectEntityId } from '../../schemas/entity.ts'
import { isRecord } from '../../schemas/record.ts'
import { accessDecisions, accessScored, type LogTopic } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { parseJson } from '../runtime/log/json-record.ts'
import { everyRecord } from './every-record.ts'
import type { Person } from './person.ts'
import { rowsOf } from './store/statements.ts'

/** What leads to a person, by kind; the newest are kept when there are too many. */
interface Traces {
  readonly sessions: Set<string>
  readonly devices: Set<string>
  readonly addresses: Set<string>
  readonly prefixes: Set<string>
}

const MOST = 5_000

/**
 * Finds out what leads to the person: sessions, and the devices, addresses and
 * networks from which nobody else has ever come. What others share with the
 * person is theirs too, and stays with them; it goes from the person's own
 * records in any case.
 */
export async function collectPerson(
  who: Pick<Person, 'tenant' | 'subject'>,
  sources: { readonly eventLog: EventLog; readonly client: ClickHouseClient | null },
  told: (done: number, all: number) => void,
): Promise<{ person: Person; decisions: number }> {
  const traces: Traces = {
    sessions: new Set(),
    devices: new Set(),
    addresses: new Set(),
    prefixes: new Set(),
  }
  /** The person's in either topic, which hold the same decisions. */
  const ownRecords = new Map<LogTopic, number>()
  const own = entityKey(who.tenant, { type: 'subject', id: subjectEntityId(who.subject) })
  // Twice: who else has used something is only known once it is known what.
  for (const pass of ['own', 'others'] as const)
    for await (const { topic, record } of everyRecord(
      sources.eventLog,
      [accessDecisions, accessScored],
      told,
    )) {
      const { key, value } = record
      if ((key === own) !== (pass === 'own')) continue
      if (!key.startsWith(`${who.tenant}/`)) continue
      const found = decisionOf(value)
      if (found === undefined) continue
      if (pass === 'own') {
        ownRecords.set(topic, (ownRecords.get(topic) ?? 0) + 1)
        add(traces, found)
      } else if (found.decision.subject.type !== 'anonymous') drop(traces, found)
    }
  const stored = sources.client === null ? 0 : await fromStore(who, sources.client, traces)
  const list = (set: ReadonlySet<string>) => [...set].slice(-MOST)
  return {
    person: {
      tenant: who.tenant,
      subject: who.subject,
      sessions: list(traces.sessions),
      devices: list(traces.devices),
      addresses: list(traces.addresses),
      prefixes: list(traces.prefixes),
    },
    // What the log has is in the store, or will be.
    decisions: Math.max(stored, ...ownRecords.values()),
  }
}

interface Found {
  readonly decision: Decision
  readonly prefix: string
}

function decisionOf(value: Uint8Array | null): Found | undefined {
  const json = parseJson({ value })
  if (json.kind !== 'ok' || !isRecord(json.value)) return undefined
  const { decision, enrichment } = json.value
  const parsed = parseDecision(decision ?? json.value)
  if (!parsed.success) return undefined
  const source = isRecord(enrichment) && isRecord(enrichment['source']) ? enrichment['source'] : {}
  return { decision: parsed.data, prefix: typeof source['prefix'] === 'string' ? source['prefix'] : '' }
}

function add(traces: Traces, { decision, prefix }: Found): void {
  const { subject, device, context } = decision
  if (subject.session_id) traces.sessions.add(subject.session_id)
  if (device?.id) traces.devices.add(device.id)
  if (context?.ip) traces.addresses.add(context.ip)
  if (prefix !== '') traces.prefixes.add(prefix)
}

function drop(traces: Traces, { decision, prefix }: Found): void {
  traces.sessions.delete(decision.subject.session_id ?? '')
  traces.devices.delete(decision.device?.id ?? '')
  traces.addresses.delete(decision.context?.ip ?? '')
  traces.prefixes.delete(prefix)
}

const COLUMNS = [
  ['sessions', 'subject_session_id'],
  ['devices', 'device_id'],
  ['addresses', 'context_ip'],
  ['prefixes', 'enrichment_source_prefix'],
] as const

/** The store knows ninety days, the log one week: both are asked. */
async function fromStore(
  { tenant, subject }: Pick<Person, 'tenant' | 'subject'>,
  client: ClickHouseClient,
  traces: Traces,
): Promise<number> {
  const params = { tenant, type: subject.type, id: subject.id }
  const own = `tenant = {tenant:String} AND subject_type = {type:String} AND subject_id = {id:String}`
  for (const [kind, column] of COLUMNS) {
    const found = await rowsOf<{ value: string }>(
      client,
      `SELECT DISTINCT ${column} AS value FROM decisions WHERE ${own} AND ${column} != '' LIMIT ${MOST}`,
      params,
    )
    for (const { value } of found) traces[kind].add(value)
    const shared = await rowsOf<{ value: string }>(
      client,
      `SELECT DISTINCT ${column} AS value FROM decisions
       WHERE tenant = {tenant:String} AND ${column} IN {values:Array(String)} AND subject_type != 'anonymous'
         AND NOT (subject_type = {type:String} AND subject_id = {id:String})`,
      { ...params, values: [...traces[kind]] },
    )
    for (const { value } of shared) traces[kind].delete(value)
  }
  const [count] = await rowsOf<{ n: number }>(
    client,
    `SELECT uniqExact(id) AS n FROM decisions WHERE ${own}`,
    params,
  )
  return count?.n ?? 0
}
