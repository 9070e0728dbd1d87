import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { entityMark, erasureKeyId, type Erasure } from '../../schemas/erasure.ts'
import { privacyErasures } from '../../schemas/topics.ts'
import { compactLog, rewriteLog } from '../runtime/log/embedded/rewrite.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord } from '../runtime/log/json-record.ts'
import type { Deleted, HeldBack, Places } from './delete-records.ts'
import { removePending, writePending, type Ledger, type Pending } from './ledger.ts'
import { eraseByAppending, rewriteFor } from './log-eraser.ts'
import { namesOf, type Person } from './person.ts'
import { eraseFromStore } from './store/erase-store.ts'
import { deleteParts, oldParts, partsLeft } from './store/old-parts.ts'

/** The log and the store while nobody else is at work on them. */
export interface ErasureParts {
  readonly dataDir: string
  readonly ledger: Ledger
  readonly embedded: boolean
  /** Opens the log; the embedded one is closed in between, to be rewritten. */
  openLog(): Promise<EventLog>
  openStore(): Promise<{
    readonly client: ClickHouseClient
    readonly cluster: string | undefined
    /** See `StoreTarget`. */
    readonly whole_from: string
    /** An engine of our own, which ends with `close`. */
    readonly own: boolean
    close(): Promise<void>
  }>
  /** Where records are to go before their time, of everybody. */
  readonly deleteRecords?: (places: Places) => Promise<Deleted>
  readonly now: () => number
  readonly told: (step: string, done: number, all: number) => void
}

export interface Outcome {
  readonly erasure: Erasure
  /** Parts of tables that a server has replaced and not yet deleted. */
  readonly parts_left: number
  /** Topics whose records were to go before their time, and stay until somebody has read them. */
  readonly held_back: readonly HeldBack[]
}

/** A new erasure, before anything is done. */
export function newErasure(
  person: Person,
  secret: string,
  who: { readonly requested_by: string; readonly now_ms: number },
): Erasure {
  const at = new Date(who.now_ms).toISOString()
  return {
    schema_version: 1,
    id: randomUUID(),
    tenant: person.tenant,
    key_id: erasureKeyId(secret),
    entities: namesOf(person).entities.map((entity) => entityMark(secret, person.tenant, entity)),
    requested_at: at,
    requested_by: who.requested_by,
    overruled: [],
    before: at,
    state: 'begun',
    done_at: null,
    counts: {},
    remaining: [],
  }
}

/** How long a server's own cleaning of replaced parts is waited for. */
const PARTS_PATIENCE_MS = 30_000

/**
 * Erases a person, once and for all. Killed at any point, it is begun again with
 * what was written down, and every step finds done what was done:
 *
 * 1. who it is goes into a file (names) and a record into the log and beside it
 *    (no names): from here on, late copies are stored erased;
 * 2. the log's records are changed where they lie, or answered;
 * 3. the store's rows are replaced by erased ones, and their parts rewritten;
 * 4. the bytes that were replaced are taken off: the log is written anew, old
 *    parts are deleted; on Kafka, where that is asked for, what everybody has read;
 * 5. the record says done, and the file with the names goes, last.
 */
export async function erase({ erasure: begun, person }: Pending, parts: ErasureParts): Promise<Outcome> {
  const { dataDir, embedded, told, now } = parts
  const names = namesOf(person)
  await writePending(dataDir, { erasure: begun, person })
  await record(begun, parts)

  let counts: Record<string, number> = {}
  let remaining: Erasure['remaining'] = []
  let places: Places = new Map()
  const step = (done: number, all: number) => told('log', done, all)
  if (embedded) {
    const rewrite = rewriteFor(names, now())
    counts = Object.fromEntries(await rewriteLog({ directory: join(dataDir, 'log'), rewrite, told: step }))
  } else {
    const eventLog = await parts.openLog()
    try {
      ;({ counts, remaining, places } = await eraseByAppending(eventLog, names, now(), step))
    } finally {
      await eventLog.close()
    }
  }

  const store = await parts.openStore()
  let replaced: readonly string[] = []
  let parts_left = 0
  try {
    const { client, cluster, whole_from, own } = store
    counts = {
      ...counts,
      ...(await eraseFromStore({ client, cluster, tenant: person.tenant, whole_from }, names, told)),
    }
    if (own) replaced = await oldParts(client)
    else parts_left = await partsLeft(client, PARTS_PATIENCE_MS)
  } finally {
    await store.close()
  }

  // Once the store is erased: what goes here is looked up there from then on.
  const { deleted, held_back } = (await parts.deleteRecords?.(places)) ?? {
    deleted: new Set(),
    held_back: [],
  }
  for (const { topic, records } of remaining) if (deleted.has(topic)) counts = { ...counts, [topic]: records }

  told('compaction', 0, 1)
  await deleteParts(dataDir, replaced)
  if (embedded) await compactLog(join(dataDir, 'log'))
  const done: Erasure = {
    ...begun,
    state: 'done',
    done_at: new Date(now()).toISOString(),
    counts: Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0)),
    remaining: remaining.filter(({ topic }) => !deleted.has(topic)),
  }
  await record(done, parts)
  await removePending(dataDir, begun.id)
  return { erasure: done, parts_left, held_back }
}

/** In the log for whoever reads it, and beside it for whoever restores an older one. */
async function record(erasure: Erasure, parts: ErasureParts): Promise<void> {
  await parts.ledger.add(erasure)
  const eventLog = await parts.openLog()
  try {
    await eventLog.append([jsonRecord(privacyErasures, erasure)])
  } finally {
    await eventLog.close()
  }
}
