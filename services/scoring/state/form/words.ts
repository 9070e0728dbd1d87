/**
 * A block of 32-bit words seen as integers, floats and doubles. All state of an
 * entity lies in such blocks: what is in memory is bit for bit what is stored,
 * so scores don't depend on where a batch ended.
 */
export interface Words {
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly bytes: Uint8Array
}

/** A range of words under a name; the tag tells owner, version and layout. */
export interface Tagged {
  readonly tag: number
  /** First word, and how many. */
  readonly at: number
  readonly length: number
}

/** An empty block; `length` is rounded up to whole doubles. */
export function allocate(length: number): Words {
  const buffer = new ArrayBuffer(Math.ceil(length / 2) * 8)
  return {
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    bytes: new Uint8Array(buffer),
  }
}
