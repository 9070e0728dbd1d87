import { entityMark, erasureKeyId, type Erasure } from '../../../schemas/erasure.ts'
import { entityKey, type Entity } from '../../../schemas/entity.ts'
import type { Erased } from '../../../schemas/scrub.ts'
import { privacyErasures } from '../../../schemas/topics.ts'
import { GatewatchError } from '../errors.ts'
import type { EventLog } from '../log/event-log.ts'
import { readRecord } from '../log/json-record.ts'

/** Names whose marks are kept: an HMAC costs 2 us, and the same people come again. */
const MOST_MARKS = 50_000

/** Who was erased, as far as this process knows by now. */
export interface KnownErasures {
  /** Nobody: nothing needs a look. */
  readonly none: boolean
  /** The entities of a tenant that are erased for what happened at `atMs`. */
  at(tenant: string, atMs: number): Erased
  /** Tenants with erased persons. */
  tenants(): Iterable<string>
}

/**
 * Follows the erasures of the log. A process whose key is another one can't
 * know whom they mean: it throws at the first look (`ERR_CONFIG_INVALID`), so
 * that nothing is stored by name meanwhile.
 */
export async function openKnownErasures(
  eventLog: EventLog,
  secret: () => Promise<string>,
): Promise<KnownErasures> {
  /** By tenant and mark: up to when. */
  const erased = new Map<string, Map<string, number>>()
  const marks = new Map<string, string>()
  let key: string | undefined
  let strange: string | undefined

  function take(erasure: Erasure | undefined): void {
    if (erasure === undefined) return
    if (key !== undefined && erasure.key_id !== erasureKeyId(key)) strange = erasure.key_id
    const own = erased.get(erasure.tenant) ?? new Map<string, number>()
    const before = Date.parse(erasure.before)
    for (const mark of erasure.entities) own.set(mark, Math.max(before, own.get(mark) ?? 0))
    erased.set(erasure.tenant, own)
  }

  const table = await eventLog.openTable(privacyErasures)
  await table.caughtUp()
  const changed = (value: Uint8Array | undefined) => {
    if (value !== undefined) take(readRecord(privacyErasures.schema, { value }))
  }
  table.follow((_key, value) => changed(value))
  // Read only where somebody was erased: most processes need no key.
  const entries = [...table.entries()]
  if (entries.length > 0) key = await secret()
  for (const [, value] of entries) changed(value)

  function markOf(tenant: string, entity: Entity): string {
    const name = entityKey(tenant, entity)
    let mark = marks.get(name)
    if (mark === undefined) {
      if (marks.size >= MOST_MARKS) marks.clear()
      marks.set(name, (mark = entityMark(key ?? '', tenant, entity)))
    }
    return mark
  }

  return {
    get none() {
      if (erased.size > 0 && key === undefined)
        throw new GatewatchError(
          'ERR_CONFIG_INVALID',
          'Somebody was erased since this process started; start it again.',
          { retriable: true },
        )
      if (strange !== undefined)
        throw new GatewatchError(
          'ERR_CONFIG_INVALID',
          `Persons were erased under the key ${strange}, and this process has another one: give it that key (erasure.key_file, or secrets/erasure in the data directory).`,
        )
      return erased.size === 0
    },
    tenants: () => erased.keys(),
    at(tenant, atMs) {
      const own = erased.get(tenant)
      const has = (entity: Entity): boolean =>
        own !== undefined && (own.get(markOf(tenant, entity)) ?? -1) >= atMs
      return { has, word: (word) => own !== undefined && NAMED.some((name) => has(name(word))) }
    },
  }
}

/** What a word may be the name of. */
const NAMED: readonly ((word: string) => Entity)[] = [
  (id) => ({ type: 'subject', id }),
  (id) => ({ type: 'subject', id: `user:${id}` }),
  (id) => ({ type: 'subject', id: `service:${id}` }),
  (id) => ({ type: 'subject', id: `device:${id}` }),
  (id) => ({ type: 'session', id }),
  (id) => ({ type: 'device', id }),
  (id) => ({ type: 'source', id }),
]
