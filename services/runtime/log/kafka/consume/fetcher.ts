import { setTimeout as sleep } from 'node:timers/promises'
import type { Feed } from './feed.ts'
import { Pauses } from '../pauses.ts'
import { fetch, listOffsets, type FetchedPartition } from '../wire/data-requests.ts'
import { CODES, check, KafkaFault } from '../wire/faults.ts'
import type { Link } from '../wire/link.ts'
import { readRecordSet } from '../wire/record-set.ts'

/** How long a broker may wait for something new. A partition that got room meanwhile waits as long. */
const MAX_WAIT_MS = 500
/** The same while a partition is full: it may have room again at any moment. */
const SHORT_WAIT_MS = 20
/** Between two fetches: what comes meanwhile comes in one answer and is committed in one transaction. */
const GATHER_MS = 3
/** An answer with more than this shows a backlog, in which nothing longer is waited for. */
const BEHIND_BYTES = 262_144
/** Of one answer, over all partitions. */
const MAX_BYTES = 8 * 1024 * 1024

export interface FetcherParts {
  readonly link: Link
  readonly failed: (error: unknown) => void
  /** Pause between two fetches while no partition is behind, ms. Default 3. */
  readonly gather_ms?: number
}

/**
 * Reads any number of partitions, one request at a time to each broker. Its
 * link must be its own: a fetch that waits holds up everything behind it.
 *
 * A fetch that fails is tried again for ever, with growing pauses; the
 * watchdog sees a position that doesn't move.
 */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #feeds = new Set<Feed>()
  readonly #loops = new Map<number, { wake: () => void }>()
  readonly #stop = new AbortController()
  readonly #pauses = new Pauses(20, 1_000)

  constructor(parts: FetcherParts) {
    this.#parts = parts
  }

  add(feed: Feed): void {
    this.#feeds.add(feed)
    void this.#spread()
  }

  remove(feed: Feed): void {
    this.#feeds.delete(feed)
  }

  /** A feed has room again. */
  wake(): void {
    for (const { wake } of this.#loops.values()) wake()
  }

  /** A fetch under way is not waited for: what it brings is thrown away. */
  close(): void {
    this.#stop.abort()
    this.#feeds.clear()
    this.wake()
  }

  /** Sees to it that each leader of a feed has a loop. */
  async #spread(): Promise<void> {
    const pauses = new Pauses(20, 1_000)
    while (!this.#stop.signal.aborted) {
      try {
        for (const feed of this.#feeds)
          this.#loopFor(await this.#parts.link.leader(feed.topic, feed.partition))
        this.wake()
        return
      } catch (error) {
        this.#parts.link.doubt(error)
        await pauses.wait(this.#stop.signal)
      }
    }
  }

  #loopFor(node: number): void {
    if (this.#loops.has(node) || this.#stop.signal.aborted) return
    const waker = { wake: () => {} }
    this.#loops.set(node, waker)
    void this.#loop(node, waker)
  }

  async #loop(node: number, waker: { wake: () => void }): Promise<void> {
    const signal = this.#stop.signal
    while (!signal.aborted) {
      try {
        const mine = await this.#ledBy(node)
        const open = mine.filter((feed) => feed.room() > 0)
        if (open.length === 0) {
          await new Promise<void>((resolve) => {
            waker.wake = resolve
          })
          continue
        }
        const full = open.length < mine.length
        const bytes = await this.#fetch(node, open, full)
        this.#pauses.reset()
        const behind = full || bytes > BEHIND_BYTES
        await sleep(behind ? GATHER_MS : (this.#parts.gather_ms ?? GATHER_MS), undefined, { signal })
      } catch (error) {
        if (signal.aborted) return
        this.#parts.failed(error)
        this.#parts.link.doubt(error)
        await this.#pauses.wait(signal)
        void this.#spread()
      }
    }
  }

  async #ledBy(node: number): Promise<Feed[]> {
    const mine: Feed[] = []
    for (const feed of this.#feeds) {
      if ((await this.#parts.link.leader(feed.topic, feed.partition)) === node) mine.push(feed)
    }
    return mine
  }

  async #fetch(node: number, feeds: readonly Feed[], some: boolean): Promise<number> {
    const asked = shuffled(furthestBehind(feeds)).map((feed) => ({ feed, offset: feed.position }))
    const request = fetch(
      asked.map(({ feed, offset }) => ({
        topic: feed.topic,
        partition: feed.partition,
        offset,
        max_bytes: feed.room(),
      })),
      { max_wait_ms: some ? SHORT_WAIT_MS : MAX_WAIT_MS, min_bytes: 1, max_bytes: MAX_BYTES },
    )
    const answers = await this.#parts.link.send(node, request)
    let fault: KafkaFault | undefined
    for (const answer of answers) {
      const one = asked.find(({ feed }) => feed.topic === answer.topic && feed.partition === answer.partition)
      if (one === undefined) check('Fetch', answer.error)
      for (const feed of feeds) {
        if (feed.topic !== answer.topic || feed.partition !== answer.partition) continue
        // Moved or given up while the fetch was under way: what came is not what is wanted now.
        if (!this.#feeds.has(feed) || feed.position !== one?.offset) continue
        fault = (await this.#hand(feed, answer)) ?? fault
      }
    }
    if (fault !== undefined) throw fault
    return answers.reduce((sum, { set }) => sum + set.length, 0)
  }

  async #hand(feed: Feed, answer: FetchedPartition): Promise<KafkaFault | undefined> {
    if (answer.error === CODES.offset_out_of_range) {
      feed.position = await this.#intoRange(feed)
      return undefined
    }
    if (answer.error !== CODES.none) {
      return new KafkaFault(`topic ${feed.topic} (Fetch of partition ${feed.partition})`, answer.error)
    }
    const { records, next, bytes } = readRecordSet(answer.set, feed.position, answer.aborted)
    const moved = next > feed.position
    feed.position = next
    feed.seen(answer.high, answer.low)
    if (moved) feed.take(records, bytes)
    return undefined
  }

  /** Retention has removed what was to be read, or the topic was made anew: what is there now is read from its start. */
  async #intoRange({ topic, partition }: Feed): Promise<number> {
    const { link } = this.#parts
    const node = await link.leader(topic, partition)
    const [low] = await link.send(node, listOffsets([{ topic, partition }], 'earliest'))
    check('ListOffsets', low?.error ?? CODES.unknown_topic)
    return low?.offset ?? 0
  }
}

/**
 * One feed a partition: a request can name it once. Two tables of one topic in
 * one process have a feed each, and the one that has read less goes first.
 */
function furthestBehind(feeds: readonly Feed[]): Feed[] {
  const first = new Map<string, Feed>()
  for (const feed of feeds) {
    const name = `${feed.topic}/${feed.partition}`
    const other = first.get(name)
    if (other === undefined || feed.position < other.position) first.set(name, feed)
  }
  return [...first.values()]
}

/** A broker fills its answer in the order of the request: shuffled, no partition is always the last. */
function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const [a, b] = [mixed[i], mixed[j]]
    if (a !== undefined && b !== undefined) [mixed[i], mixed[j]] = [b, a]
  }
  return mixed
}
