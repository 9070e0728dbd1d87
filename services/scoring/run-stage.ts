import { randomInt } from 'node:crypto'
import type { Logger } from 'pino'
import { GatewatchError } from '../runtime/errors.ts'
import type { Consumption, EventLog, OutRecord, PartitionRecords } from '../runtime/log/event-log.ts'
import type { Adoptions } from './calibration/adoptions.ts'
import { consumeStage, paced } from './consume-stage.ts'
import type { Holdings, ScoringMetrics } from './metrics.ts'
import { RestoreTurns } from './restore-turns.ts'
import { restoreStates } from './restore-states.ts'
import type { PartitionStates } from './partition-states.ts'
import type { StateAlerts } from './state-alerts.ts'
import type { Stage } from './worker.ts'

export interface RunStageOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly metrics: ScoringMetrics
  readonly group: string
  /** Entities whose decoded state is kept, over all partitions of this worker. */
  readonly entitiesInMemory: number
  readonly batchRecords: number
  /** How long a batch waits for company, ms. Default 0: each commit takes what is there. */
  readonly lingerMs?: number
  /** Which calibration each partition is read with; without it scores are read as detectors declare. */
  readonly adoptions?: Adoptions
  /** Told of partitions whose state can't be read, and of those that were restored. */
  readonly alerts?: Pick<StateAlerts, 'refused' | 'restored'>
}

interface Owned {
  readonly givenUp: AbortController
  states?: PartitionStates
  /** Why its state can't be read. */
  refused: string | undefined
  /** Offset after the last record that was handled, committed or not. */
  handled: number
}

/**
 * Runs a stage as a consumer group. Outputs, changed state and offsets go to
 * the log in one commit.
 *
 * The state of a partition moves with it: restored from its changelog when the
 * partition is assigned, dropped when it is another's. The log does not say
 * whether a commit came about, but the next batch does: one that goes on after
 * the last keeps what that changed, one that comes again drops it.
 */
export async function runStage(stage: Stage, options: RunStageOptions): Promise<Consumption> {
  const { eventLog, logger, metrics } = options
  const owned = new Map<number, Owned>()
  const turns = new RestoreTurns()
  const seed = randomInt(2 ** 32)
  const share = () => Math.ceil(options.entitiesInMemory / Math.max(1, owned.size))
  const shareOut = () => {
    for (const { states } of owned.values()) if (states !== undefined) states.mostDecoded = share()
  }

  async function assigned(partition: number): Promise<void> {
    const before = owned.get(partition)
    before?.givenUp.abort()
    const mine: Owned = { givenUp: new AbortController(), handled: 0, refused: before?.refused }
    owned.set(partition, mine)
    shareOut()
    const began = performance.now()
    const { signal } = mine.givenUp
    try {
      await options.adoptions?.took(partition)
      mine.states = await turns.take(signal, () =>
        restoreStates(eventLog, stage, { partition, decoded: share(), seed, signal }),
      )
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof GatewatchError) {
        mine.refused = error.message
        await options.alerts?.refused(stage.name, partition, error.message)
      }
      throw error
    }
    // Not waited for: a person who is told late is no reason to score late.
    options.alerts?.restored(stage.name, partition).catch((error: unknown) => {
      logger.warn({ err: error, stage: stage.name }, 'that state can be read again could not be told')
    })
    const seconds = (performance.now() - began) / 1000
    metrics.restore.observe({ stage: stage.name }, seconds)
    const { size: entities, bytes } = mine.states
    logger.debug({ stage: stage.name, partition, entities, bytes, seconds }, 'state restored')
  }

  function revoked(partition: number): void {
    owned.get(partition)?.givenUp.abort()
    owned.delete(partition)
    shareOut()
  }

  async function handle(part: PartitionRecords): Promise<readonly OutRecord[]> {
    const mine = owned.get(part.partition)
    if (mine?.states === undefined) throw new Error(`no state of partition ${part.partition}`)
    const { states } = mine
    if (part.first_offset >= mine.handled) states.commit()
    else states.rollback()
    try {
      const at = new Date().toISOString()
      const adopted = options.adoptions?.begin(part.partition, part.first_offset, at)
      const { outputs, tally } = await paced(stage.steps(part, states, adopted?.readingsOf))
      mine.handled = part.last_offset + 1
      metrics.count(stage.name, tally)
      return adopted === undefined ? outputs : [...adopted.outputs, ...outputs]
    } catch (error) {
      states.rollback()
      throw error
    }
  }

  return consumeStage({
    ...options,
    stage: stage.name,
    input: stage.input,
    assigned,
    revoked,
    handle,
    holdings: () => holdingsOf([...owned.values()]),
  })
}

function holdingsOf(owned: readonly Owned[]): Holdings {
  const sum = (of: (states: PartitionStates) => number) =>
    owned.reduce((all, { states }) => all + (states === undefined ? 0 : of(states)), 0)
  const ready = owned.filter(({ states }) => states !== undefined).length
  const refused = owned.filter(({ states, refused: why }) => states === undefined && why !== undefined).length
  return {
    ready,
    refused,
    restoring: owned.length - ready - refused,
    entities: sum(({ size }) => size),
    decoded: sum(({ decoded }) => decoded),
    bytes: sum(({ bytes }) => bytes),
    idle: sum(({ forgotten }) => forgotten.idle),
    full: sum(({ forgotten }) => forgotten.full),
  }
}
