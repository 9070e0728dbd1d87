import type { LogTopic } from '../../../schemas/topics.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { SNAPSHOT_STAGES } from '../snapshots/snapshot-keys.ts'
import { Snapshots } from '../snapshots/read-snapshots.ts'

/** Where one partition of a stage's input begins. */
export interface PartitionStart {
  readonly offset: number
  /** The snapshot of the state there. */
  readonly slot: number
}

/** Where a replay begins: by input and partition, and nothing for those that begin at their very beginning. */
export interface ReplayStart {
  readonly starts: ReadonlyMap<LogTopic, ReadonlyMap<number, PartitionStart>>
  /** What was observed from then on is given as it was; −∞ for all that there is. */
  readonly from_ms: number
}

/** A decision may be older than the log took it, and by so much newer. */
const AHEAD_MS = 6 * 60_000

/**
 * Looks for the nearest snapshot before a range, in every partition of every
 * stage. A partition that is there from its beginning needs none.
 *
 * @param fromMs beginning of the range; undefined: as early as can be
 * @throws GatewatchError `ERR_REPLAY_CUT` for a range before which there is none
 */
export async function findStart(eventLog: EventLog, fromMs: number | undefined): Promise<ReplayStart> {
  const snapshots = await Snapshots.read(eventLog)
  const places: { input: LogTopic; stage: string; partition: number; low: number }[] = []
  for (const { name, input } of SNAPSHOT_STAGES)
    for (const { partition, low, high } of await eventLog.watermarks(input))
      if (high > low) places.push({ input, stage: name, partition, low })
  const usable = ({ stage, partition, low }: (typeof places)[number]) =>
    snapshots.of(stage, partition).filter(({ offset }) => offset >= low)

  // Without a range: from where on every partition that is cut has a snapshot.
  const earliest = places
    .filter(({ low }) => low > 0)
    .map((place) => Date.parse(usable(place)[0]?.at ?? '') + AHEAD_MS)
    .reduce((latest, ms) => (Number.isNaN(ms) || ms > latest ? ms : latest), -Infinity)
  const from_ms = fromMs ?? (Number.isNaN(earliest) ? undefined : earliest)
  const starts = new Map<LogTopic, Map<number, PartitionStart>>()
  for (const place of places) {
    const { input, stage, partition, low } = place
    const beforeMs = (from_ms ?? Infinity) - AHEAD_MS
    const mark = usable(place).findLast(({ at }) => Date.parse(at) <= beforeMs)
    if (mark === undefined) {
      if (low === 0) continue
      const since = Number.isFinite(earliest) ? `; ${new Date(earliest).toISOString()} is the earliest` : ''
      throw new GatewatchError(
        'ERR_REPLAY_CUT',
        `There is no snapshot of the state of ${stage}, partition ${partition}, before that range, and what came earlier is not kept: it can't be replayed${since}.`,
      )
    }
    const own = starts.get(input) ?? new Map<number, PartitionStart>()
    starts.set(input, own.set(partition, { offset: mark.offset, slot: mark.slot }))
  }
  return { starts, from_ms: from_ms ?? -Infinity }
}
