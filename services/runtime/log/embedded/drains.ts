import type { LogTopic } from '../../../../schemas/topics.ts'
import type { GroupMember } from './group.ts'
import type { Store } from './store.ts'

const LOOK_MS = 1_000

/** Whoever waits until a group has handled what was in its topics. */
export class Drains {
  readonly #ended: () => boolean
  readonly #checks = new Set<() => void>()

  constructor(ended: () => boolean) {
    this.#ended = ended
  }

  /** Something was committed. */
  look(): void {
    for (const check of this.#checks) check()
  }

  /** Resolves when the group is past all that the topics hold at the call, or has ended. */
  async reached(
    { store, member }: { readonly store: Store; readonly member: GroupMember },
    topics: readonly LogTopic[],
  ): Promise<void> {
    store.refresh()
    const targets = topics.flatMap((topic) =>
      Array.from({ length: store.topic(topic).partitions }, (_, partition) => ({
        row: member.row(topic.name, partition),
        to: store.head(topic.name, partition).next,
      })),
    )
    const reached = () => targets.every(({ row, to }) => to === 0 || (store.offsets.get(row) ?? 0) >= to)
    if (reached()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const check = () => {
      if (reached() || this.#ended()) resolve()
    }
    this.#checks.add(check)
    const timer = setInterval(check, LOOK_MS)
    await promise
    clearInterval(timer)
    this.#checks.delete(check)
  }
}
