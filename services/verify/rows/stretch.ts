import type { Checkpoint } from '../../../schemas/checkpoint.ts'

/** What a signed checkpoint says of a stretch of a chain, without its signature. */
export interface Stretch {
  readonly pep_id: string
  readonly boot_id: string
  readonly seq_from: number
  readonly seq_to: number
  readonly prev_hash: string
  readonly hash: string
  readonly decided_from: string
  readonly decided_to: string
  readonly signed_at: string
  /** None of its decisions was recorded before this; those of an import may be older, and a crash was long ago when it is signed. */
  readonly recorded_from: string
  /** Of a boot's first stretch: which boot it says it follows, as signed; undefined where that is not known. */
  readonly previous_boot: Checkpoint['previous_boot'] | undefined
  /** Pinned by its neighbours; its times are then bounds and not exact. */
  readonly derived: boolean
}

type Place = Pick<Stretch, 'pep_id' | 'boot_id' | 'seq_from'>

export function compareStretches(a: Place, b: Place): number {
  return compareText(a.pep_id, b.pep_id) || compareText(a.boot_id, b.boot_id) || a.seq_from - b.seq_from
}

/** By code units of UTF-8 text that is ASCII (ids are), as the store orders it. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
