import { isSigned, type Checkpoint } from '../../../../schemas/checkpoint.ts'
import type { ProofStretch } from '../../../../schemas/case-file.ts'

/** Where a decision stands. */
export interface Place {
  readonly pep_id: string
  readonly boot_id: string
  readonly seq: number
}

/** A signed hash of the link `seq`. */
export interface Pin extends Place {
  readonly hash: string
  readonly signed: ProofStretch['signed']
  readonly checkpoint: Checkpoint
}

/** The nearest signed hash at or after each place; the nearest proves with the fewest links. */
export async function findPins(
  checkpoints: AsyncIterable<Checkpoint>,
  places: readonly Place[],
): Promise<(place: Place) => Pin | null> {
  const wanted = new Map<string, Map<number, Pin | null>>()
  for (const place of places) {
    const key = keyOf(place)
    const seqs = wanted.get(key) ?? new Map<number, Pin | null>()
    wanted.set(key, seqs.set(place.seq, null))
  }
  for await (const checkpoint of checkpoints) {
    for (const pin of pinsOf(checkpoint)) {
      const seqs = wanted.get(keyOf(pin))
      if (seqs === undefined) continue
      // A checkpoint without its signature proves nothing, and would hide a later one that does.
      let signed: boolean | null = null
      for (const [seq, nearest] of seqs) {
        if (seq > pin.seq || (nearest !== null && !isNearer(pin, nearest))) continue
        signed ??= isSigned(checkpoint)
        if (signed) seqs.set(seq, pin)
      }
    }
  }
  return (place) => wanted.get(keyOf(place))?.get(place.seq) ?? null
}

/** Two checkpoints may sign one link; which is taken must not hang on the order in which they are read. */
function isNearer(a: Pin, b: Pin): boolean {
  if (a.seq !== b.seq) return a.seq < b.seq
  if (a.signed !== b.signed) return a.signed === 'hash'
  return a.checkpoint.signature < b.checkpoint.signature
}

/** The hashes that a checkpoint signs. */
export function pinsOf(checkpoint: Checkpoint): Pin[] {
  const { pep_id, boot_id, seq_from, seq_to, prev_hash, hash, previous_boot } = checkpoint
  const pins: Pin[] = []
  const add = (boot: string, seq: number, at: string, signed: Pin['signed']) => {
    if (seq >= 0) pins.push({ pep_id, boot_id: boot, seq, hash: at, signed, checkpoint })
  }
  if (seq_to >= seq_from) add(boot_id, seq_to, hash, 'hash')
  add(boot_id, seq_from - 1, prev_hash, 'prev_hash')
  if (previous_boot !== null)
    add(previous_boot.boot_id, previous_boot.seq, previous_boot.hash, 'previous_boot')
  return pins
}

function keyOf({ pep_id, boot_id }: Place): string {
  return `${pep_id}\n${boot_id}`
}
