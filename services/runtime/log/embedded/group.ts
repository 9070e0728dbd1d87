import type { LogTopic } from '../../../../schemas/topics.ts'
import { murmur2 } from '../partitioner.ts'
import type { Processes } from './processes.ts'
import type { Store } from './store.ts'

/** A partition that a member owns; `epoch` proves it at commit. */
export interface Claim {
  readonly topic: LogTopic
  readonly partition: number
  readonly epoch: number
}

/** A commit came after the partition had been taken over: nothing of it was written. */
export class Fenced extends Error {
  constructor(topic: string, partition: number) {
    super(`partition ${partition} of ${topic} has another owner now`)
    this.name = 'Fenced'
  }
}

/**
 * One member's view of its group. A partition has at most one owner; a living
 * owner gives it up itself, a dead one's is taken. All methods but `living`
 * run inside a write transaction.
 */
export class GroupMember {
  readonly group: string
  readonly id: string
  readonly #store: Store
  readonly #processes: Processes
  readonly #topics: readonly LogTopic[]
  readonly #whole: boolean
  readonly #sole: boolean

  constructor(
    store: Store,
    processes: Processes,
    options: { group: string; id: string; topics: readonly LogTopic[]; whole: boolean; sole: boolean },
  ) {
    this.#store = store
    this.#processes = processes
    this.group = options.group
    this.id = options.id
    this.#topics = options.topics
    this.#whole = options.whole
    this.#sole = options.sole
  }

  join(): void {
    const topics = this.#topics.map(({ name }) => name)
    void this.#store.members.put(`${this.group}/${this.id}`, { process: this.#processes.id, topics })
  }

  leave(owned: readonly Claim[]): void {
    for (const claim of owned) this.release(claim)
    void this.#store.members.remove(`${this.group}/${this.id}`)
  }

  release(claim: Claim): void {
    if (this.owns(claim)) void this.#store.owners.remove(this.row(claim.topic.name, claim.partition))
  }

  /** Partitions that are ours by the sharing, which every member works out alike from the members' names. */
  wanted(): { topic: LogTopic; partition: number }[] {
    const members = livingMembers(this.#store, this.#processes, this.group)
    const wanted: { topic: LogTopic; partition: number }[] = []
    for (const topic of this.#topics) {
      const sharers = members.filter(({ topics }) => topics.includes(topic.name)).map(({ id }) => id)
      // Partition p of every topic goes to the same member, so that keys stay together over topics.
      const first = this.#whole ? murmur2(Buffer.from(topic.name)) >>> 1 : 0
      for (let partition = 0; partition < this.#store.topic(topic).partitions; partition++) {
        const owner = this.#sole
          ? (this.#soleOwner(sharers) ?? sharers[0])
          : sharers[(first + (this.#whole ? 0 : partition)) % sharers.length]
        if (owner === this.id) wanted.push({ topic, partition })
      }
    }
    return wanted
  }

  /** Whoever has something keeps everything. */
  #soleOwner(sharers: readonly string[]): string | undefined {
    for (const topic of this.#topics) {
      const owner = this.#store.owners.get(this.row(topic.name, 0))?.member
      if (owner !== undefined && sharers.includes(owner)) return owner
    }
    return undefined
  }

  /** Takes the partition if nobody that lives has it. */
  claim(topic: LogTopic, partition: number): Claim | undefined {
    const row = this.row(topic.name, partition)
    const owner = this.#store.owners.get(row)
    if (owner !== undefined && owner.member !== this.id && this.#lives(owner.member)) return undefined
    const epoch = (owner?.epoch ?? Date.now()) + 1
    void this.#store.owners.put(row, { member: this.id, epoch })
    return { topic, partition, epoch }
  }

  /** Whether it has the first partition of a topic of its own; asked under the write lock, where nobody can take it. */
  hasFirst(): boolean {
    return this.#topics.some(({ name }) => this.#store.owners.get(this.row(name, 0))?.member === this.id)
  }

  owns(claim: Claim): boolean {
    const owner = this.#store.owners.get(this.row(claim.topic.name, claim.partition))
    return owner !== undefined && owner.member === this.id && owner.epoch === claim.epoch
  }

  row(topic: string, partition: number): string {
    return `${this.group}/${topic}/${partition}`
  }

  #lives(member: string): boolean {
    const row = this.#store.members.get(`${this.group}/${member}`)
    return row !== undefined && this.#processes.lives(row.process)
  }
}

export function livingMembers(
  store: Store,
  processes: Processes,
  group: string,
): { id: string; topics: readonly string[] }[] {
  const start = `${group}/`
  return [...store.members.getRange({ start, end: `${group}0` })]
    .filter(({ value }) => processes.lives(value.process))
    .map(({ key, value }) => ({ id: key.slice(start.length), topics: value.topics }))
}
