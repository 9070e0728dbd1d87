import { collectorImports } from '../../../schemas/topics.ts'
import type { OutRecord, Table } from '../../runtime/log/event-log.ts'
import { ID_BYTES, IdSet } from '../id-set.ts'

/** Ids of one stored piece. The piece in hand is written anew with each append, so it is small: 8 KiB. */
const PIECE_IDS = 1024
/** Pieces of a source; the oldest is overwritten by the newest. */
const PIECES = 256
const HALF = PIECES / 2
const HEAD_BYTES = 4

/**
 * The ids of what a source gave lately, so that a repeat is recognised: a push
 * whose answer was lost, a page that is asked for again. The latest 131,072 are
 * known at least, 262,144 at most; a repeat after more than that counts twice
 * (the store still keeps one row an id).
 *
 * 2 MiB in the log and 16 MiB in memory for a source at most; nothing for one
 * that never asks.
 */
export interface RecentIds {
  /** Notes an id (its last 16 characters are hexadecimal digits); says whether it was new. */
  add(id: string): boolean
  /** The record that makes what was added since the last call durable. */
  take(): readonly OutRecord[]
}

export function openRecentIds(table: Table, tenant: string, source: string): RecentIds {
  const prefix = `${tenant}/recent/${source}/`
  let young = new IdSet()
  let old = new IdSet()
  /** Counts pieces for ever; modulo `PIECES` it names where a piece is kept. */
  let piece = 0
  let ids: number[] = []
  let changed = new Map<number, number[]>()

  const note = (high: number, low: number): boolean => {
    if (old.has(high, low) || !young.add(high, low)) return false
    ids.push(high, low)
    changed.set(piece, ids)
    if (ids.length < 2 * PIECE_IDS) return true
    piece += 1
    ids = []
    if (piece % HALF === 0) {
      old = young
      young = new IdSet()
    }
    return true
  }

  const stored = [...table.entries(prefix)]
    .map(([, value]) => Buffer.from(value))
    .filter((value) => value.length >= HEAD_BYTES)
    .toSorted((a, b) => a.readUInt32BE(0) - b.readUInt32BE(0))
  for (const value of stored) {
    piece = value.readUInt32BE(0)
    ids = []
    for (let at = HEAD_BYTES; at + ID_BYTES <= value.length; at += ID_BYTES) {
      note(value.readUInt32BE(at), value.readUInt32BE(at + 4))
    }
  }
  changed = new Map()

  return {
    add(id) {
      const digits = id.slice(-16)
      return note(Number.parseInt(digits.slice(0, 8), 16), Number.parseInt(digits.slice(8), 16))
    },
    take() {
      const records = [...changed].map(([number, numbers]) => {
        const value = Buffer.alloc(HEAD_BYTES + numbers.length * 4)
        value.writeUInt32BE(number, 0)
        for (const [at, half] of numbers.entries()) value.writeUInt32BE(half, HEAD_BYTES + at * 4)
        return { topic: collectorImports, key: `${prefix}${number % PIECES}`, value }
      })
      changed = new Map()
      return records
    },
  }
}
