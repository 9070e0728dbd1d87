import type { ClickHouseClient } from '@clickhouse/client'
import { entityKey, subjectEntityId, type Entity } from '../../schemas/entity.ts'
import { entityMark, erasureKeyId, type Erasure } from '../../schemas/erasure.ts'
import { accessDecisions, accessScored, privacyErasures } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../runtime/log/json-record.ts'
import { collectPerson } from './collect.ts'
import { readPending, type Pending } from './ledger.ts'
import type { ErasureParts } from './main.ts'
import { Person } from './person.ts'
import { rowsOf } from './store/statements.ts'

/**
 * Erasures that this log and store have not seen to their end: what was cut
 * off, and what the ledger beside the log knows as done and the log does not,
 * since both were restored from an older backup. Of the latter nobody knows the
 * names any more; the restored data do, and are asked by marks.
 */
export async function unfinished(
  parts: ErasureParts,
  secret: () => Promise<string>,
): Promise<readonly Pending[]> {
  const pending = await readPending(parts.dataDir)
  const known = await parts.ledger.all()
  if (known.length === 0) return pending
  const eventLog = await parts.openLog()
  try {
    const here = await erasuresIn(eventLog)
    const missing = known.filter(
      ({ tenant, id }) =>
        here.get(`${tenant}/${id}`)?.state !== 'done' && !pending.some(({ erasure }) => erasure.id === id),
    )
    if (missing.length === 0) return pending
    const key = await secret()
    for (const { key_id } of missing)
      if (key_id !== erasureKeyId(key))
        throw new GatewatchError(
          'ERR_CONFIG_INVALID',
          `The erasures in ${parts.ledger.path} were made under the key ${key_id}: put that key back (erasure.key_file, or secrets/erasure in the data directory), so that who was erased is erased again.`,
        )
    const store = await parts.openStore()
    try {
      return [...pending, ...(await found(missing, key, eventLog, store.client))]
    } finally {
      await store.close()
    }
  } finally {
    await eventLog.close()
  }
}

async function erasuresIn(eventLog: EventLog): Promise<ReadonlyMap<string, Erasure>> {
  const here = new Map<string, Erasure>()
  const table = await eventLog.openTable(privacyErasures)
  try {
    await table.caughtUp()
    for (const [key, value] of table.entries()) {
      const erasure = readRecord(privacyErasures.schema, { value })
      if (erasure !== undefined) here.set(key, erasure)
    }
  } finally {
    await table.close()
  }
  return here
}

/** Who of the people in log and store has the mark of an erased one. */
async function found(
  missing: readonly Erasure[],
  secret: string,
  eventLog: EventLog,
  client: ClickHouseClient,
): Promise<Pending[]> {
  // Of one person's the last is kept: it means all that the others do.
  const wanted = new Map(missing.map((erasure) => [`${erasure.tenant}/${erasure.entities[0]}`, erasure]))
  const pending: Pending[] = []
  const look = async (tenant: string, subject: Person['subject']) => {
    const entity: Entity = { type: 'subject', id: subjectEntityId(subject) }
    const mark = `${tenant}/${entityMark(secret, tenant, entity)}`
    const erasure = wanted.get(mark)
    if (erasure === undefined) return
    wanted.delete(mark)
    const { person } = await collectPerson({ tenant, subject }, { eventLog, client }, () => {})
    pending.push({ erasure: { ...erasure, state: 'begun', done_at: null }, person })
  }
  for (const { tenant, type, id } of await rowsOf<{ tenant: string; type: string; id: string }>(
    client,
    `SELECT DISTINCT tenant, subject_type AS type, subject_id AS id FROM decisions`,
  )) {
    const subject = Person.shape.subject.safeParse({ type, id })
    if (subject.success) await look(tenant, subject.data)
  }
  const tenants = new Set(missing.map(({ tenant }) => tenant))
  const seen = new Set<string>()
  for (const topic of [accessDecisions, accessScored])
    for (const { partition } of await eventLog.watermarks(topic))
      for await (const records of eventLog.read(topic, { partition }))
        for (const { key } of records) {
          if (seen.has(key)) continue
          if (seen.size > 1_000_000) seen.clear()
          seen.add(key)
          for (const tenant of tenants) {
            const prefix = entityKey(tenant, { type: 'subject', id: '' })
            const [, type, id] = key.startsWith(prefix)
              ? (/^([^:]+):(.*)$/s.exec(key.slice(prefix.length)) ?? [])
              : []
            const subject = Person.shape.subject.safeParse({ type, id })
            if (subject.success) await look(tenant, subject.data)
          }
        }
  // Nobody in this log and store is meant, or a later one means the same person: the record alone keeps later copies away.
  const again = new Set(pending.map(({ erasure }) => erasure.id))
  const gone = missing.filter(({ id }) => !again.has(id))
  await eventLog.append(
    gone.map((erasure) => jsonRecord(privacyErasures, { ...erasure, state: 'done' as const })),
  )
  return pending
}
