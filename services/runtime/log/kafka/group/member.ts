import { setTimeout as sleep } from 'node:timers/promises'
import { assign, type Part, type Sharing } from './assign.ts'
import {
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type AssignmentMessage,
} from './group-messages.ts'
import { Pauses } from '../pauses.ts'
import { check, CODES, codeOf, isPassing, KafkaFault } from '../wire/faults.ts'
import { heartbeat, joinGroup, leaveGroup, syncGroup, type Membership } from '../wire/group-requests.ts'
import type { Link } from '../wire/link.ts'

/** The group waits this long for members to join again; ours do at their next heartbeat. */
const REBALANCE_MS = 10_000
const HEARTBEAT_MS = 1_000
const LEAVE_MS = 1_000
const PROTOCOL = 'gatewatch'

export interface MemberParts {
  /** Its own: a join may be held back for seconds, and commits must not wait behind it. */
  readonly link: Link
  readonly group: string
  readonly session_ms: number
  /** Names on Kafka, with their numbers of partitions. */
  readonly topics: ReadonlyMap<string, number>
  readonly sharing: Sharing
  readonly transactional: () => readonly string[]
  readonly owned: () => readonly Part[]
  /** A new generation: what is ours in it. What is not listed any more must be let go, then `rejoin` called. */
  readonly assigned: (assignment: AssignmentMessage, as: Membership) => void
  /** The group has put us out: everything is another's by now. */
  readonly lost: () => void
  readonly failed: (error: unknown) => void
}

/**
 * Membership in a consumer group, by the classic protocol. Heartbeats come from
 * a loop of their own and not from whoever handles records: a handler that
 * takes minutes is not a dead member (in kafkajs it is).
 */
export class Member {
  readonly #parts: MemberParts
  #id = ''
  #generation = -1
  #stable = false
  #again = false
  readonly #stop = new AbortController()
  #wake = () => {}
  readonly #ended: Promise<void>
  readonly #joined = Promise.withResolvers<void>()
  readonly #waiting = new Set<() => void>()

  constructor(parts: MemberParts) {
    this.#parts = parts
    this.#joined.promise.catch(() => {})
    this.#ended = this.#loop()
  }

  /** Resolves with the first assignment; rejects when the group refuses us for good. */
  get joined(): Promise<void> {
    return this.#joined.promise
  }

  /** What a commit proves itself with. */
  get as(): Membership {
    return { group: this.#parts.group, member: this.#id, generation: this.#generation }
  }

  /** Resolves when a generation is in force that is not the one that was refused, or the time is up. */
  async settled(refused: Membership, withinMs: number): Promise<void> {
    const reached = () =>
      this.#stable && (this.#generation !== refused.generation || this.#id !== refused.member)
    if (reached() || this.#stop.signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (reached() || this.#stop.signal.aborted) resolve()
    }
    this.#waiting.add(look)
    await Promise.race([promise, sleep(withinMs)])
    this.#waiting.delete(look)
  }

  /** Joins again soon: we let go of something, or a commit was refused. */
  rejoin(): void {
    this.#again = true
    this.#wake()
  }

  async leave(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    // A join may be held back for longer than anybody who stops wants to wait.
    await Promise.race([this.#ended, sleep(LEAVE_MS)])
    if (this.#id === '') return
    const { link, group } = this.#parts
    const goodbye = async () => {
      const node = await link.coordinator('group', group)
      await link.send(node, leaveGroup(this.as))
    }
    await Promise.race([goodbye().catch(() => {}), sleep(LEAVE_MS)])
    this.#id = ''
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop
    const pauses = new Pauses(20, 1_000)
    while (!signal.aborted) {
      try {
        this.#stable = false
        this.#again = false
        await this.#join()
        if (this.#again || signal.aborted) continue
        this.#stable = true
        this.#joined.resolve()
        for (const look of this.#waiting) look()
        pauses.reset()
        await this.#beat()
      } catch (error) {
        if (signal.aborted) break
        this.#refused(error)
        await pauses.wait(signal)
      }
    }
    for (const look of this.#waiting) look()
  }

  async #join(): Promise<void> {
    const { link, group, session_ms, topics, transactional, owned } = this.#parts
    const node = await link.coordinator('group', group)
    const metadata = encodeMember({
      topics: [...topics.keys()],
      owned: owned(),
      generation: this.#generation,
      transactional: transactional(),
    })
    const joined = await link.send(
      node,
      joinGroup({
        group,
        member: this.#id,
        session_ms,
        rebalance_ms: REBALANCE_MS,
        protocol: PROTOCOL,
        metadata,
      }),
    )
    if (joined.error === CODES.member_id_required) {
      this.#id = joined.member
      this.#again = true
      return
    }
    check(`group ${group} (JoinGroup)`, joined.error)
    this.#id = joined.member
    this.#generation = joined.generation
    const plan = joined.leader === joined.member ? this.#plan(joined.members) : []
    const { error, assignment } = await link.send(node, syncGroup(this.as, plan, REBALANCE_MS))
    check(`group ${group} (SyncGroup)`, error)
    this.#parts.assigned(decodeAssignment(assignment), this.as)
  }

  #plan(
    joined: readonly { readonly id: string; readonly metadata: Buffer }[],
  ): { member: string; assignment: Uint8Array }[] {
    const members = joined.map(({ id, metadata }) => decodeMember(id, metadata))
    const living = members.flatMap(({ transactional }) => transactional)
    const plan = assign(members, this.#parts.topics, this.#parts.sharing)
    return [...plan].map(([member, parts]) => ({ member, assignment: encodeAssignment({ parts, living }) }))
  }

  async #beat(): Promise<void> {
    const { link, group, session_ms } = this.#parts
    const pause = Math.min(HEARTBEAT_MS, session_ms / 4)
    while (!this.#stop.signal.aborted && !this.#again) {
      await this.#pause(pause)
      if (this.#stop.signal.aborted || this.#again) return
      try {
        const node = await link.coordinator('group', group)
        const { error } = await link.send(node, heartbeat(this.as))
        if (error === CODES.rebalancing) return
        check(`group ${group} (Heartbeat)`, error)
      } catch (error) {
        if (!isPassing(error)) throw error
        link.doubt(error)
      }
    }
  }

  #refused(error: unknown): void {
    const code = codeOf(error)
    this.#parts.link.doubt(error)
    if (code === CODES.rebalancing) return
    if (
      code === CODES.unknown_member ||
      code === CODES.illegal_generation ||
      code === CODES.fenced_instance
    ) {
      this.#id = ''
      this.#generation = -1
      this.#parts.lost()
      return
    }
    this.#parts.failed(error)
    if (error instanceof KafkaFault && !error.passing) this.#joined.reject(error)
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = setTimeout(resolve, ms)
    await promise
    clearTimeout(timer)
  }
}
