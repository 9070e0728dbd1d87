import type { Entity } from '../../../schemas/entity.ts'
import { entityMark, erasureKeyId } from '../../../schemas/erasure.ts'
import { privacyErasures } from '../../../schemas/topics.ts'
import { GatewatchError } from '../errors.ts'
import type { EventLog } from '../log/event-log.ts'
import { readRecord } from '../log/json-record.ts'

/** Up to when what happened to an entity was erased on request; null: nobody asked for it. */
export type ErasedBefore = (tenant: string, entity: Entity) => Promise<string | null>

/**
 * Looks for the entity's mark among the erasures of the log, which hold no
 * names: whoever asks by name is told, and nobody can read names off. For a
 * question now and then; who reads records follows them (`known-erasures.ts`).
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID` when it is not found and some were
 *   made under another key: whether it is one of those can't be told.
 */
export function erasedBefore(
  eventLog: Pick<EventLog, 'openTable'>,
  secret: () => Promise<string>,
): ErasedBefore {
  return async (tenant, entity) => {
    const table = await eventLog.openTable(privacyErasures)
    try {
      await table.caughtUp()
      const erasures = [...table.entries(`${tenant}/`)].flatMap(
        ([, value]) => readRecord(privacyErasures.schema, { value }) ?? [],
      )
      if (erasures.length === 0) return null
      const key = await secret()
      const mark = entityMark(key, tenant, entity)
      const own = erasures.filter(({ entities }) => entities.includes(mark)).map(({ before }) => before)
      const last = own.toSorted().at(-1)
      if (last !== undefined) return last
      const strange = erasures.find(({ key_id }) => key_id !== erasureKeyId(key))
      if (strange === undefined) return null
      throw new GatewatchError(
        'ERR_CONFIG_INVALID',
        `Persons were erased under the key ${strange.key_id}, and this process has another one, so whether this is one of them can't be told: give it that key (erasure.key_file).`,
      )
    } finally {
      await table.close()
    }
  }
}
