/** A type whose values are numbers of fixed width. */
export interface NumberType {
  readonly bytes: number
  readonly min: number
  readonly max: number
  /** Whole numbers only. */
  readonly whole: boolean
  readonly write: (view: DataView, at: number, value: number) => void
}

const whole = (bytes: number, min: number, max: number, write: NumberType['write']): NumberType => ({
  bytes,
  min,
  max,
  whole: true,
  write,
})

/** A JSON number is exact up to 2^53, and so is what is written here. */
const SAFE = Number.MAX_SAFE_INTEGER
const wide: NumberType['write'] = (view, at, value) => {
  view.setUint32(at, value % 2 ** 32, true)
  view.setInt32(at + 4, Math.floor(value / 2 ** 32), true)
}

const types: ReadonlyMap<string, NumberType> = new Map([
  ['Bool', whole(1, 0, 1, (view, at, value) => view.setUint8(at, value))],
  ['UInt8', whole(1, 0, 255, (view, at, value) => view.setUint8(at, value))],
  ['UInt16', whole(2, 0, 65_535, (view, at, value) => view.setUint16(at, value, true))],
  ['UInt32', whole(4, 0, 4_294_967_295, (view, at, value) => view.setUint32(at, value, true))],
  ['UInt64', whole(8, 0, SAFE, wide)],
  ['Int64', whole(8, -SAFE, SAFE, wide)],
  ["DateTime64(3, 'UTC')", whole(8, 0, SAFE, wide)],
  [
    'Float32',
    { ...whole(4, -Infinity, Infinity, (view, at, value) => view.setFloat32(at, value, true)), whole: false },
  ],
  [
    'Float64',
    { ...whole(8, -Infinity, Infinity, (view, at, value) => view.setFloat64(at, value, true)), whole: false },
  ],
])

/** How values of a type are written, or null for a type that is no number. */
export function numberType(type: string): NumberType | null {
  return types.get(type) ?? null
}

/** A column of numbers; a nullable one has a byte a row in front that says which are NULL. */
export class NumberColumn {
  readonly type: string
  readonly number: NumberType
  readonly #nullable: boolean
  #values: Float64Array<ArrayBuffer>
  #nulls: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(
    type: string,
    number: NumberType,
    { nullable, rows }: { readonly nullable: boolean; readonly rows: number },
  ) {
    this.#values = new Float64Array(Math.max(1, rows))
    this.#nulls = new Uint8Array(Math.max(1, rows))
    this.type = nullable ? `Nullable(${type})` : type
    this.number = number
    this.#nullable = nullable
  }

  /** Whether the type holds the value. */
  holds(value: number): boolean {
    const { min, max, whole: integer } = this.number
    return value >= min && value <= max && (!integer || Number.isSafeInteger(value))
  }

  append(value: number): void {
    this.#room()
    this.#values[this.#length++] = value
  }

  appendDefault(): void {
    this.#room()
    this.#nulls[this.#length] = 1
    this.#values[this.#length++] = 0
  }

  clear(): void {
    this.#nulls.fill(0, 0, this.#length)
    this.#length = 0
  }

  prefix(): void {
    // A number says nothing in front of its data.
  }

  data(out: Buffer[]): void {
    const { bytes, write } = this.number
    const buffer = Buffer.allocUnsafe(this.#length * bytes)
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    for (let row = 0; row < this.#length; row++) write(view, row * bytes, this.#values[row] ?? 0)
    if (this.#nullable) out.push(Buffer.from(this.#nulls.buffer, 0, this.#length))
    out.push(buffer)
  }

  #room(): void {
    if (this.#length < this.#values.length) return
    const values = new Float64Array(this.#length * 2)
    values.set(this.#values)
    this.#values = values
    const nulls = new Uint8Array(this.#length * 2)
    nulls.set(this.#nulls)
    this.#nulls = nulls
  }
}
