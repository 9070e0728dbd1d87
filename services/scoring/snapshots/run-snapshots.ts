import type { Logger } from 'pino'
import { control, type LogTopic } from '../../../schemas/topics.ts'
import type {
  Batch,
  Consumption,
  EventLog,
  OutRecord,
  PartitionRecords,
  Table,
} from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import { clearFolded, foldInto } from './fold.ts'
import { SnapshotKeeper, type SnapshotsRecord } from './keeper.ts'
import { SNAPSHOT_STAGES, snapshotsName } from './snapshot-keys.ts'

export interface RunSnapshotsOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly tenant: string
  /** From one snapshot to the next, ms. Default an hour. */
  readonly everyMs?: number
  /** How far back a range can be replayed. Default a day longer than decisions are kept. */
  readonly keptMs?: number
}

const GROUP = 'scoring-snapshots'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Nobody waits for a snapshot: a commit of Kafka's costs the same for one record as for many. */
const LINGER_MS = 5000
const MOST_RECORDS = 5000
/** The base is renewed once in so many slots: it is read and written as a whole. */
const FOLD_SLOTS = 24
/** Whoever lags so far behind the changelog may have missed what was compacted since. */
const MOST_LAG_MS = 30 * 60_000
const APPEND = 1000

interface Fold {
  readonly slot: number
  readonly steps: AsyncGenerator<OutRecord[]>
  /** The base is whole, and said to be; what it holds is cleared from the changes. */
  readonly clearing: boolean
}

interface Owned {
  readonly stage: string
  readonly keeper: SnapshotKeeper
  /** What was read since the keeper began: the first batch begins with what was not written by whoever had it before. */
  begun: boolean
  taken: number
  /** What the last batch gave, should it come again. */
  written: OutRecord[]
  fold: Fold | undefined
}

/**
 * Takes snapshots of the stages' states, partition by partition, by reading
 * their changelogs: scoring itself does nothing for it. Offsets and what was
 * written go to the log in one commit.
 *
 * After a restart, or a long lag, the next snapshot waits until the changelog was
 * read to its end: before that, a change may have been compacted away that
 * belonged to the snapshot.
 */
export async function runSnapshots({
  eventLog,
  logger,
  tenant,
  everyMs = HOUR_MS,
  keptMs = 8 * DAY_MS,
}: RunSnapshotsOptions): Promise<Consumption> {
  const table: Table = await eventLog.openTable(control)
  const owned = new Map<string, Owned>()

  async function assigned(topic: LogTopic, partition: number): Promise<void> {
    const stage = SNAPSHOT_STAGES.find(({ state }) => state === topic)?.name ?? ''
    await table.caughtUp()
    const value = table.get(`${tenant}/${snapshotsName(stage, partition)}`)
    const record = value === undefined ? undefined : readRecord(control.schema, { value })
    const before: SnapshotsRecord | undefined = record?.kind === 'snapshots' ? record : undefined
    const sureFrom = await highOf(eventLog, topic, partition)
    const keeper = new SnapshotKeeper({ tenant, stage, partition, everyMs, before, sureFrom })
    owned.set(placeOf(topic, partition), {
      stage,
      keeper,
      begun: false,
      taken: 0,
      written: [],
      fold: undefined,
    })
  }

  /** Reads again what was read and not written before; nothing of it can be a snapshot. */
  async function begin(own: Owned, { topic, partition, first_offset: to }: PartitionRecords): Promise<void> {
    own.begun = true
    const from = own.keeper.stateOffset
    if (from >= to) return
    for await (const records of eventLog.read(topic, { partition, from, to })) {
      const outputs = records.flatMap((record) => own.keeper.take(record))
      const changes = outputs.filter((output) => output.topic !== control)
      for (let first = 0; first < changes.length; first += APPEND)
        await eventLog.append(changes.slice(first, first + APPEND), { independent: true })
    }
  }

  async function handle(part: PartitionRecords): Promise<readonly OutRecord[]> {
    const own = owned.get(placeOf(part.topic, part.partition))
    if (own === undefined) throw new Error(`${placeOf(part.topic, part.partition)} is not ours`)
    if (!own.begun) await begin(own, part)
    const last = part.records.at(-1)
    if (last !== undefined && Date.now() - last.appended_ms > MOST_LAG_MS)
      own.keeper.doubt(await highOf(eventLog, part.topic, part.partition))
    const outputs = part.first_offset < own.taken ? own.written : []
    // From here on, since the same batch comes again when something below fails.
    own.written = outputs
    for (const record of part.records) {
      if (record.offset < own.taken) continue
      for (const output of own.keeper.take(record)) outputs.push(output)
      own.taken = record.offset + 1
    }
    for (const output of await tidied(own, part)) outputs.push(output)
    return outputs
  }

  /** Lets go what is too old, a step at a time: the newest snapshot that is becomes the base of the others. */
  async function tidied(own: Owned, { partition, records }: PartitionRecords): Promise<OutRecord[]> {
    const { keeper, stage } = own
    const beforeMs = (records.at(-1)?.appended_ms ?? 0) - keptMs
    if (own.fold === undefined) {
      const slot = keeper.marks.findLast(({ at }) => Date.parse(at) < beforeMs)?.slot
      const since = keeper.baseSlot ?? keeper.marks[0]?.slot ?? 0
      if (slot === undefined || slot - since < FOLD_SLOTS) return []
      const steps = foldInto(eventLog, { stage, partition, slot, base: keeper.baseSlot })
      own.fold = { slot, steps, clearing: false }
      return [keeper.forget(slot)]
    }
    const { slot, steps, clearing } = own.fold
    // A step that fails ends them all, which is not the end of the fold: another one is begun.
    own.fold = undefined
    const step = await steps.next()
    if (step.done !== true) {
      own.fold = { slot, steps, clearing }
      return step.value
    }
    if (clearing) return []
    own.fold = { slot, steps: clearFolded(eventLog, { stage, partition, slot }), clearing: true }
    return [keeper.based(slot)]
  }

  const consumption = await eventLog.consume({
    group: GROUP,
    topics: SNAPSHOT_STAGES.map(({ state }) => state),
    span: 'group',
    max_records: MOST_RECORDS,
    min_records: MOST_RECORDS,
    linger_ms: Math.min(LINGER_MS, everyMs / 4),
    assigned,
    revoked: (topic, partition) => void owned.delete(placeOf(topic, partition)),
    failed: (error) => logger.warn({ err: error, group: GROUP }, 'batch failed; it will be tried again'),
    async handle({ parts }: Batch) {
      const outputs: OutRecord[] = []
      for (const part of parts) for (const each of await handle(part)) outputs.push(each)
      return outputs
    },
  })
  return {
    drained: () => consumption.drained(),
    async stop() {
      await consumption.stop()
      await table.close()
    },
  }
}

function placeOf({ name }: LogTopic, partition: number): string {
  return `${name}/${partition}`
}

async function highOf(eventLog: EventLog, topic: LogTopic, partition: number): Promise<number> {
  const marks = await eventLog.watermarks(topic)
  return marks.find((each) => each.partition === partition)?.high ?? 0
}
