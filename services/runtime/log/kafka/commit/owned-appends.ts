import type { OutRecord } from '../../event-log.ts'
import { fencedError } from '../../fenced-error.ts'
import { Fenced } from './group-committer.ts'
import type { Written } from './transactor.ts'
import { unavailable } from '../wire/faults.ts'
import type { WatchedConsumption } from '../consume/watched-consumption.ts'
import { within } from '../../../within.ts'

/** Appends of groups' owners. One that takes long goes on, and is waited for again by who brings its records again. */
export class OwnedAppends {
  readonly #consumptions: ReadonlySet<WatchedConsumption>
  readonly #wait_ms: number
  readonly #open = new WeakMap<readonly OutRecord[], Promise<readonly Written[]>>()

  constructor(consumptions: ReadonlySet<WatchedConsumption>, wait_ms: number) {
    this.#consumptions = consumptions
    this.#wait_ms = wait_ms
  }

  /** @throws GatewatchError `ERR_LOG_FENCED`, or `ERR_LOG_UNAVAILABLE` after `wait_ms` without an answer */
  async append(group: string, records: readonly OutRecord[]): Promise<readonly Written[]> {
    const fate = this.#open.get(records) ?? this.#begin(group, records)
    try {
      const written = await within(fate, this.#wait_ms)
      if (written !== 'late') return written
    } catch (error) {
      this.#open.delete(records)
      throw error instanceof Fenced ? fencedError(group) : error
    }
    throw unavailable('no answer in time')
  }

  #begin(group: string, records: readonly OutRecord[]): Promise<readonly Written[]> {
    const owner = [...this.#consumptions].find((one) => one.group === group)
    const fate = owner === undefined ? Promise.reject(new Fenced()) : owner.append(records)
    fate.catch(() => {})
    this.#open.set(records, fate)
    return fate
  }
}
