import { ByteBuffer } from './byte-buffer.ts'

/** A column of type String: a length and its bytes a value. */
export class StringColumn {
  readonly type = 'String'
  readonly #bytes = new ByteBuffer()

  append(source: Uint8Array, from: number, to: number): void {
    this.#bytes.varint(to - from)
    this.#bytes.append(source, from, to)
  }

  appendDefault(): void {
    this.#bytes.varint(0)
  }

  clear(): void {
    this.#bytes.length = 0
  }

  prefix(): void {
    // A String says nothing in front of its data.
  }

  data(out: Buffer[]): void {
    out.push(this.#bytes.view())
  }
}
