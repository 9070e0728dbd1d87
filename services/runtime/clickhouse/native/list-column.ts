import { ByteBuffer } from './byte-buffer.ts'
import { DictionaryColumn } from './dictionary-column.ts'
import { NumberColumn, numberType } from './number-column.ts'

/** A column of type Array(LowCardinality(String)): where each row's elements end, then all elements. */
export class ListColumn {
  readonly type = 'Array(LowCardinality(String))'
  readonly elements = new DictionaryColumn()
  readonly #offsets = new ByteBuffer()

  /** The elements appended since the last row are this row's. */
  endRow(): void {
    this.#offsets.uint64(this.elements.length)
  }

  appendDefault(): void {
    this.endRow()
  }

  clear(): void {
    this.elements.clear()
    this.#offsets.length = 0
  }

  prefix(out: Buffer[]): void {
    this.elements.prefix(out)
  }

  data(out: Buffer[]): void {
    out.push(this.#offsets.view())
    this.elements.data(out)
  }
}

/** A column of type Map(LowCardinality(String), Float32), which lies as an array of pairs does. */
export class NumbersByName {
  readonly type = 'Map(LowCardinality(String), Float32)'
  readonly keys = new ListColumn()
  readonly #values: NumberColumn

  constructor() {
    const float = numberType('Float32')
    if (float === null) throw new TypeError('there is no Float32')
    this.#values = new NumberColumn('Float32', float, { nullable: false, rows: 1024 })
  }

  append(source: Uint8Array, from: number, to: number, value: number): void {
    this.keys.elements.append(source, from, to)
    this.#values.append(value)
  }

  endRow(): void {
    this.keys.endRow()
  }

  appendDefault(): void {
    this.keys.endRow()
  }

  clear(): void {
    this.keys.clear()
    this.#values.clear()
  }

  prefix(out: Buffer[]): void {
    this.keys.prefix(out)
  }

  data(out: Buffer[]): void {
    this.keys.data(out)
    this.#values.data(out)
  }
}
