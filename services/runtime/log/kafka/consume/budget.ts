/** Bytes that were read ahead, over all partitions of a consumption. */
export class Budget {
  readonly #most: number
  #used = 0

  constructor(most: number) {
    this.#most = most
  }

  get used(): number {
    return this.#used
  }

  get left(): number {
    return Math.max(0, this.#most - this.#used)
  }

  add(bytes: number): void {
    this.#used += bytes
  }
}
