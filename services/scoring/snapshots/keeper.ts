import type { Control } from '../../../schemas/control.ts'
import { control, scoringSnapshots } from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { changeKey, INPUT_OFFSET, snapshotsName } from './snapshot-keys.ts'

export type SnapshotsRecord = Extract<Control, { kind: 'snapshots' }>
export type SnapshotMark = SnapshotsRecord['marks'][number]

export interface KeeperOptions {
  readonly tenant: string
  readonly stage: string
  readonly partition: number
  /** From one snapshot to the next, ms. */
  readonly everyMs: number
  /** What the log says of the snapshots that there are; undefined: none. */
  readonly before: SnapshotsRecord | undefined
  /** Offset of the changelog from which on nothing can have been compacted away before it was read. */
  readonly sureFrom: number
}

/** Changes that are held at most before they are written: what is written early is only written twice. */
const MOST_BYTES = 4 * 1024 * 1024
const NOTHING = new Uint8Array()

interface Boundary {
  readonly slot: number
  readonly atMs: number
  readonly inputOffset: number
  /** Offset of the changelog after it. */
  readonly stateOffset: number
}

/**
 * Follows the changelog of one partition and writes, a slot of time after the
 * other, what changed in it, and a mark where the slot is whole: the state after
 * some offset of the input. A snapshot is the base and all slots up to its mark;
 * so it costs what changed in an hour and not what is known.
 *
 * Slots go by the log's clock, and end only between two commits of the worker.
 */
export class SnapshotKeeper {
  readonly #options: KeeperOptions
  /** Since the last whole commit, and of whole commits since the last write; by key, the one that changed last at the end. */
  readonly #begun = new Map<string, Uint8Array | null>()
  readonly #whole = new Map<string, Uint8Array | null>()
  #bytes = 0
  #boundary: Boundary | undefined
  #marks: readonly SnapshotMark[]
  #baseSlot: number | null
  #stateOffset: number
  #sureFrom: number

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#marks = options.before?.marks ?? []
    this.#baseSlot = options.before?.base_slot ?? null
    this.#stateOffset = options.before?.state_offset ?? 0
    this.#sureFrom = options.sureFrom
  }

  get marks(): readonly SnapshotMark[] {
    return this.#marks
  }

  get baseSlot(): number | null {
    return this.#baseSlot
  }

  /** All changes before this offset of the changelog are written. */
  get stateOffset(): number {
    return this.#stateOffset
  }

  /** Nothing before this offset of the changelog can be told to be whole: some of it may have been compacted away. */
  doubt(before: number): void {
    this.#sureFrom = Math.max(this.#sureFrom, before)
  }

  /** Takes the next record of the changelog; what is to be written because of it. */
  take({ key, value, offset, appended_ms, headers }: LogRecord): OutRecord[] {
    const slot = Math.floor(appended_ms / this.#options.everyMs)
    const outputs: OutRecord[] = []
    if (this.#boundary !== undefined && slot > this.#boundary.slot)
      outputs.push(...this.#close(this.#boundary))
    // A copy: the log's buffers are its own.
    const copy = value === null ? null : new Uint8Array(value)
    this.#begun.delete(key)
    this.#begun.set(key, copy)
    const input = headers[INPUT_OFFSET]
    if (input === undefined) return outputs
    for (const [each, state] of this.#begun) {
      this.#bytes += each.length + (state?.length ?? 0) - (this.#whole.get(each)?.length ?? 0)
      this.#whole.delete(each)
      this.#whole.set(each, state)
    }
    this.#begun.clear()
    this.#boundary = { slot, atMs: appended_ms, inputOffset: Number(input), stateOffset: offset + 1 }
    if (this.#bytes > MOST_BYTES) outputs.push(...this.#written(slot))
    return outputs
  }

  /** The base holds everything up to a slot; snapshots before it are no more. */
  based(slot: number): OutRecord {
    this.#baseSlot = slot
    return this.#record()
  }

  /** Drops the snapshots before a slot. */
  forget(slot: number): OutRecord {
    this.#marks = this.#marks.filter((mark) => mark.slot >= slot)
    return this.#record()
  }

  #close({ slot, atMs, inputOffset, stateOffset }: Boundary): OutRecord[] {
    const outputs = this.#written(slot)
    this.#stateOffset = stateOffset
    if (stateOffset >= this.#sureFrom) {
      const mark = { slot, at: new Date(atMs).toISOString(), offset: inputOffset }
      this.#marks = [...this.#marks.filter((each) => each.slot < slot), mark]
    }
    this.#boundary = undefined
    outputs.push(this.#record())
    return outputs
  }

  #written(slot: number): OutRecord[] {
    const { stage, partition } = this.#options
    const outputs = [...this.#whole].map(([key, value]): OutRecord => ({
      topic: scoringSnapshots,
      key: changeKey(stage, slot, key),
      // What was forgotten is empty: a tombstone would be gone with compaction.
      value: value ?? NOTHING,
      partition,
    }))
    this.#whole.clear()
    this.#bytes = 0
    return outputs
  }

  #record(): OutRecord {
    const { tenant, stage, partition } = this.#options
    return jsonRecord(control, {
      schema_version: 1,
      kind: 'snapshots',
      tenant,
      name: snapshotsName(stage, partition),
      at: this.#marks.at(-1)?.at ?? new Date(0).toISOString(),
      stage,
      partition,
      state_offset: this.#stateOffset,
      base_slot: this.#baseSlot,
      marks: this.#marks.slice(-MOST_MARKS),
    })
  }
}

/** More than there are hours in what is kept. */
const MOST_MARKS = 300
