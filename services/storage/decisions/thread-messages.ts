import type { NoRow } from '../block.ts'

/** Asks the thread for one step of a block; each is answered once, under its `job`. */
export type ThreadRequest = { readonly job: number; readonly block: number } & (
  | { readonly kind: 'open'; readonly types: ReadonlyMap<string, string>; readonly rows: number }
  | ({ readonly kind: 'add' } & Piece)
  | { readonly kind: 'body' | 'discard' }
)

/** Records' values, one after the other; their buffer may be longer. */
export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Bytes of each value; -1 for null. */
  readonly lengths: Int32Array<ArrayBuffer>
  /** When the log took each, ms since the epoch. */
  readonly taken: Float64Array<ArrayBuffer>
}

export interface ThreadAnswer {
  readonly job: number
  readonly without?: readonly NoRow[]
  readonly body?: Uint8Array<ArrayBuffer>
  /** That of the piece that was added, to be filled again. */
  readonly room?: ArrayBuffer
  /** What went wrong; the block is then not to be used. */
  readonly fault?: string
}
