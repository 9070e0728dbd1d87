import { hash } from 'node:crypto'
import type { OutRecord } from '../../event-log.ts'
import type { Written } from '../commit/transactor.ts'

/** As many as a log that is away can have under way at once; beyond it the oldest are forgotten. */
const MAX = 50_000
/** After its fate is known, a repeat is expected within this time. */
const KEEP_MS = 600_000

interface Doubt {
  readonly fate: Promise<readonly Written[]>
  settledAt: number | undefined
}

/**
 * Records that were sent, whose callers were told that the log is away, and
 * that may be there all the same. A caller who brings the very same record
 * again (a spool that is drained, a recorder that retries) gets the fate of the
 * first one instead of a second copy. Held in memory: after a crash, what a
 * spool holds must be looked up in the log.
 */
export class Doubts {
  readonly #doubts = new Map<string, Doubt>()

  add(records: readonly OutRecord[], fate: Promise<readonly Written[]>): void {
    const doubt: Doubt = { fate, settledAt: undefined }
    const settled = () => {
      doubt.settledAt = performance.now()
    }
    fate.then(settled, settled)
    for (const record of records) this.#doubts.set(nameOf(record), doubt)
    for (const [name] of this.#doubts) {
      if (this.#doubts.size <= MAX) break
      this.#doubts.delete(name)
    }
  }

  /** The fate of a record that is in doubt; asked once, it is forgotten. */
  take(record: OutRecord): Promise<readonly Written[]> | undefined {
    if (this.#doubts.size === 0) return undefined
    const name = nameOf(record)
    const doubt = this.#doubts.get(name)
    if (doubt === undefined) return undefined
    this.#doubts.delete(name)
    const late = doubt.settledAt !== undefined && performance.now() - doubt.settledAt > KEEP_MS
    return late ? undefined : doubt.fate
  }
}

function nameOf({ topic, key, value, partition }: OutRecord): string {
  const bytes = value === null ? '' : hash('sha256', value, 'base64url')
  return `${topic.name}\n${partition ?? ''}\n${key}\n${bytes}`
}
