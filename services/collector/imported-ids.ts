import { collectorImports } from '../../schemas/topics.ts'
import type { EventLog, OutRecord, Table } from '../runtime/log/event-log.ts'
import { ID_BYTES, IdSet } from './id-set.ts'

/** Days whose ids are in memory at a time. */
const MAX_DAYS = 64

/**
 * What has been imported into a tenant: the ids, 8 bytes each, by the day of
 * their event time, on a compacted topic. The ids of a batch are written in the
 * same append as its decisions: both or neither. So a second import of a file
 * appends nothing, a longer version of it appends what is new, and this holds
 * after the decisions themselves have left the log.
 *
 * The price: 8 bytes an imported decision for ever, and one day's ids in memory
 * for each day that the source jumps between.
 */
export interface ImportedIds {
  /** Notes an id; says whether it is new. `day` is `2026-03-27`, or `none`. */
  add(id: string, day: string): Promise<boolean>
  /** The records that make the ids noted since the last call durable. */
  take(): readonly OutRecord[]
  close(): Promise<void>
}

export async function openImportedIds(eventLog: EventLog, tenant: string): Promise<ImportedIds> {
  const table: Table = await eventLog.openTable(collectorImports)
  const days = new Map<string, IdSet>()
  let fresh = new Map<string, number[]>()

  const load = async (day: string): Promise<IdSet> => {
    await table.caughtUp()
    const ids = new IdSet()
    for (const [, chunk] of table.entries(`${tenant}/ids/${day}/`)) {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let at = 0; at + ID_BYTES <= chunk.byteLength; at += ID_BYTES) {
        ids.add(view.getUint32(at), view.getUint32(at + 4))
      }
    }
    // Of the batch in hand, nothing is in the log yet.
    const pending = fresh.get(day) ?? []
    for (let at = 0; at < pending.length; at += 2) ids.add(pending[at] ?? 0, pending[at + 1] ?? 0)
    return ids
  }

  const idsOf = async (day: string): Promise<IdSet> => {
    const ids = days.get(day) ?? (await load(day))
    days.delete(day)
    days.set(day, ids)
    if (days.size > MAX_DAYS) {
      const [oldest] = days.keys()
      if (oldest !== undefined) days.delete(oldest)
    }
    return ids
  }

  let lastDay = ''
  let last = new IdSet()
  return {
    async add(id, day) {
      if (day !== lastDay) {
        last = await idsOf(day)
        lastDay = day
      }
      const digits = id.slice(-16)
      const high = Number.parseInt(digits.slice(0, 8), 16)
      const low = Number.parseInt(digits.slice(8), 16)
      if (!last.add(high, low)) return false
      const pending = fresh.get(day) ?? []
      pending.push(high, low)
      fresh.set(day, pending)
      return true
    },
    take() {
      const records = [...fresh].map(([day, numbers]) => {
        const value = Buffer.alloc(numbers.length * 4)
        for (const [at, number] of numbers.entries()) value.writeUInt32BE(number, at * 4)
        // Ids are new but once, so a chunk is named by its first.
        const first = value.toString('hex', 0, ID_BYTES)
        return { topic: collectorImports, key: `${tenant}/ids/${day}/${first}`, value }
      })
      fresh = new Map()
      return records
    },
    close: () => table.close(),
  }
}
