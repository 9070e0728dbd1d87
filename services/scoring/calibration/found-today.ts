const MOST_FOUND = 50_000

/** Which detector has found which entity today: one that is found again says nothing new of how rare its scores are. */
export class FoundToday {
  readonly #found = new Set<string>()
  #day = 0

  /** Whether the detector has not found the entity before on this day; beyond a bound all have been. */
  isFirst(detector: string, entity: string, day: number): boolean {
    if (day !== this.#day) {
      this.#day = day
      this.#found.clear()
    }
    const name = `${detector} ${entity}`
    if (this.#found.has(name) || this.#found.size >= MOST_FOUND) return false
    this.#found.add(name)
    return true
  }
}
