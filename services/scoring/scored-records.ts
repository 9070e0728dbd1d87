import type { ScoredDecision } from '../../schemas/scored-decision.ts'
import { accessScored } from '../../schemas/topics.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import { jsonRecord, writtenRecord } from '../runtime/log/json-record.ts'

const BLOCK_BYTES = 1_048_576
/** What stands before the decision in a scored one's JSON; the schema's order of keys. */
const BEFORE = Buffer.from('{"decision":')

/**
 * Scored decisions as records, as bytes one after the other in large blocks that
 * are never written over. A batch's outputs wait for their commit: as strings
 * they would be copied by the garbage collector twice meanwhile, and measured and
 * encoded three times more. A block lives as long as any record in it.
 */
export class ScoredRecords {
  #block = Buffer.alloc(0)
  #at = 0

  /**
   * @param key of the decision's own record
   * @param bytes its JSON as it came, where that is what writing it anew would give; else it is written anew
   */
  record(key: string, scored: ScoredDecision, bytes: Uint8Array | undefined): OutRecord {
    const { decision, enrichment, scores } = scored
    const named = { ce_id: decision.id, ce_time: decision.decided_at }
    if (bytes === undefined) return jsonRecord(accessScored, scored, named)
    const after = `,"enrichment":${JSON.stringify(enrichment)},"scores":${JSON.stringify(scores)}}`
    return writtenRecord(accessScored, key, this.#around(bytes, after), named)
  }

  #around(bytes: Uint8Array, after: string): Uint8Array {
    const room = BEFORE.length + bytes.length + after.length * 3
    if (this.#at + room > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, room))
      this.#at = 0
    }
    const block = this.#block
    const start = this.#at
    block.set(BEFORE, start)
    block.set(bytes, start + BEFORE.length)
    let end = start + BEFORE.length + bytes.length
    end += block.write(after, end, 'utf8')
    this.#at = end
    return block.subarray(start, end)
  }
}
