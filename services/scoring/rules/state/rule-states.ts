import { hash } from 'node:crypto'
import { scoringRuleState } from '../../../../schemas/topics.ts'
import { GatewatchError } from '../../../runtime/errors.ts'
import type { OutRecord } from '../../../runtime/log/event-log.ts'
import { decodeGroup, encodeGroup, newGroup, type Group } from './group.ts'
import { Lane, type Forgotten } from './lane.ts'

/** A rule that nothing matched for so long, by event time of its tenant, is taken for removed. */
const LANE_IDLE_MS = 8 * 86_400_000
const LANE = 'lane'
const GROUP = 'group'

/**
 * What is counted for rules in one partition of matches. What a batch changes
 * goes to the changelog with the batch's outputs and offsets; when that fails,
 * the state is read from the changelog again.
 *
 * Order is part of it: a group that is touched goes to the end, and changes are
 * written in that order, so a successor forgets whom this worker would have.
 */
export class RuleStates {
  readonly #partition: number
  /** Groups of a rule and tenant at most. */
  readonly #most: number
  readonly #lanes = new Map<string, Lane>()
  /** Newest event time of a tenant, by tenant and origin. */
  readonly #clocks = new Map<string, number>()
  /** Changed by the batch in hand, in the order of the last touch; null: removed. */
  readonly #changed = new Map<string, (() => string) | null>()
  readonly forgotten: Forgotten = { idle: 0, full: 0 }

  constructor(partition: number, mostGroups: number) {
    this.#partition = partition
    this.#most = mostGroups
  }

  /** Groups of all rules. */
  get size(): number {
    let size = 0
    for (const lane of this.#lanes.values()) size += lane.size
    return size
  }

  /** The rule's lane, for a match of `atMs`; its clock goes on. */
  lane(tenant: string, origin: string, rule: string, atMs: number): Lane {
    const key = `${tenant}/${origin}/${rule}`
    const lane = this.#lanes.get(key) ?? new Lane(key)
    this.#lanes.delete(key)
    this.#lanes.set(key, lane)
    lane.clockMs = Math.max(lane.clockMs, atMs)
    const clock = `${tenant}/${origin}`
    this.#clocks.set(clock, Math.max(atMs, this.#clocks.get(clock) ?? 0))
    this.#touch(`${key}/${LANE}`, () => lane.encode())
    return lane
  }

  /**
   * The group of a rule's branch that has these values; empty where it is not
   * known, or its rule counts otherwise by now. The finding that goes on stays:
   * the same story is told, whatever was edited.
   */
  group(lane: Lane, branch: string, values: string, edition: string): { name: string; group: Group } {
    const name = `${branch}/${hash('sha256', values, 'hex').slice(0, 32)}`
    const known = lane.get(name)
    if (known === undefined) return { name, group: newGroup(edition) }
    if (known.edition !== edition) {
      known.edition = edition
      known.events = []
    }
    return { name, group: known }
  }

  /** The group took something in. */
  put(lane: Lane, name: string, group: Group): void {
    lane.put(name, group)
    this.#touch(`${lane.key}/${GROUP}/${name}`, () => encodeGroup(group))
  }

  /** Lets go what is idle or too much: a little at every match, so that the steps follow from the matches one by one. */
  forget(lane: Lane): void {
    const gone = (of: Lane) => (name: string) => this.#touch(`${of.key}/${GROUP}/${name}`, null)
    lane.forget(this.#most, this.forgotten, gone(lane))
    const [oldest] = this.#lanes.values()
    if (oldest === undefined || oldest === lane) return
    const clock = oldest.key.slice(0, oldest.key.lastIndexOf('/'))
    if ((this.#clocks.get(clock) ?? 0) - oldest.clockMs <= LANE_IDLE_MS) return
    oldest.forget(Math.max(0, oldest.size - 2), this.forgotten, gone(oldest))
    if (oldest.size > 0) return
    this.#lanes.delete(oldest.key)
    this.#touch(`${oldest.key}/${LANE}`, null)
  }

  /** Records for the changelog of all that the batch in hand changed; it is nothing's any more. */
  changes(): OutRecord[] {
    const partition = this.#partition
    const records = [...this.#changed].map(([key, encode]) => ({
      topic: scoringRuleState,
      key,
      value: encode === null ? null : encode(),
      partition,
    }))
    this.#changed.clear()
    return records
  }

  /**
   * Takes a record of the changelog in, in the log's order.
   * @throws GatewatchError `ERR_STATE_UNREADABLE`
   */
  restore(key: string, value: Uint8Array | null): void {
    const [tenant = '', origin = '', rule = '', kind = '', ...rest] = key.split('/')
    const laneKey = `${tenant}/${origin}/${rule}`
    const lane = this.#lanes.get(laneKey) ?? new Lane(laneKey)
    const name = rest.join('/')
    if (value === null) {
      if (kind === GROUP) lane.remove(name)
      else this.#lanes.delete(laneKey)
      return
    }
    this.#lanes.delete(laneKey)
    this.#lanes.set(laneKey, lane)
    const json = parse(value)
    const group = kind === GROUP ? decodeGroup(json) : undefined
    if (kind === GROUP ? group === undefined : !lane.restore(json))
      throw new GatewatchError(
        'ERR_STATE_UNREADABLE',
        `${scoringRuleState.name}, partition ${this.#partition}: the record of ${key} can't be read; run the version that wrote it, or restore a backup.`,
      )
    if (group !== undefined) lane.put(name, group)
    const clock = `${tenant}/${origin}`
    this.#clocks.set(clock, Math.max(lane.clockMs, this.#clocks.get(clock) ?? 0))
  }

  #touch(key: string, encode: (() => string) | null): void {
    this.#changed.delete(key)
    this.#changed.set(key, encode)
  }
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString()) as unknown
  } catch {
    return undefined
  }
}
