import { z } from 'zod'

const Offsets = z.record(z.string().regex(/^\d{1,5}$/), z.string().regex(/^\d{1,19}$/))

/** The next offset of each partition of a topic. */
export class Positions {
  readonly #next = new Map<number, bigint>()

  static parse(text: string): Positions {
    const positions = new Positions()
    for (const [partition, offset] of Object.entries(Offsets.parse(JSON.parse(text))))
      positions.set(Number(partition), BigInt(offset))
    return positions
  }

  get(partition: number): bigint | undefined {
    return this.#next.get(partition)
  }

  set(partition: number, offset: bigint): void {
    this.#next.set(partition, offset)
  }

  /** The text that `parse` reads, as if one partition were further on. */
  textWith(partition: number, offset: bigint): string {
    const next = new Map(this.#next).set(partition, offset)
    return JSON.stringify(Object.fromEntries([...next].map(([number, at]) => [String(number), String(at)])))
  }

  toString(): string {
    return JSON.stringify(
      Object.fromEntries([...this.#next].map(([number, at]) => [String(number), String(at)])),
    )
  }
}
