/** Lets so many bytes be worked on at a time; who comes later waits for its turn. */
export class BytesInHand {
  readonly #most: number
  #bytes = 0
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Resolves when there is room, with what gives the room back. What is larger than all the room has it alone. */
  async enter(bytes: number): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push({ bytes, enter: resolve })
      await promise
    } else this.#bytes += bytes
    return () => {
      this.#bytes -= bytes
      this.#next()
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#most
  }

  #next(): void {
    for (
      let [first] = this.#waiting;
      first !== undefined && this.#fits(first.bytes);
      [first] = this.#waiting
    ) {
      this.#bytes += first.bytes
      this.#waiting.shift()
      first.enter()
    }
  }
}
