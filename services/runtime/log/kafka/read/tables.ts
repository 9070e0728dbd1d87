import type { LogTopic } from '../../../../../schemas/topics.ts'
import type { Table } from '../../event-log.ts'
import { Fetcher } from '../consume/fetcher.ts'
import type { Names } from '../names.ts'
import { KafkaTable } from './table.ts'
import type { Written } from '../commit/transactor.ts'
import type { Link } from '../wire/link.ts'

export interface TablesParts {
  readonly link: Link
  readonly openLink: () => Link
  readonly names: Names
  readonly failed: (error: unknown) => void
}

/** The tables of one client, all read by one fetch loop. */
export class Tables {
  readonly #parts: TablesParts
  readonly #open = new Map<string, Set<KafkaTable>>()
  #reading: { readonly link: Link; readonly fetcher: Fetcher } | undefined

  constructor(parts: TablesParts) {
    this.#parts = parts
  }

  async open(topic: LogTopic): Promise<Table> {
    const { link, names, failed } = this.#parts
    if (this.#reading === undefined) {
      const own = this.#parts.openLink()
      this.#reading = { link: own, fetcher: new Fetcher({ link: own, failed }) }
    }
    const { fetcher } = this.#reading
    const closed = (table: KafkaTable) => void this.#open.get(topic.name)?.delete(table)
    const table = await KafkaTable.open({ link, fetcher, names, failed, closed }, topic)
    const same = this.#open.get(topic.name)
    if (same === undefined) this.#open.set(topic.name, new Set([table]))
    else same.add(table)
    return table
  }

  /**
   * Resolves when the tables of this client show records that it has just
   * written: who reads a table after a write finds the write, as in the
   * embedded log, and a handler finds the outputs of its last batch.
   */
  async shown(written: readonly Written[]): Promise<void> {
    if (this.#open.size === 0) return
    await Promise.all(
      written.flatMap(({ piece, next }) =>
        [...(this.#open.get(piece.topic.name) ?? [])].map((table) => table.reached(piece.partition, next)),
      ),
    )
  }

  async close(): Promise<void> {
    for (const tables of this.#open.values()) for (const table of tables) await table.close()
    this.#reading?.fetcher.close()
    await this.#reading?.link.close()
  }
}
