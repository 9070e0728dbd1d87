/** One after the other, in the order of asking. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(turn: () => Promise<T>): Promise<T> {
    const taken = this.#last.then(turn)
    this.#last = taken.catch(() => undefined)
    return taken
  }
}
