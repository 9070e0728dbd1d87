import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { migrate } from '../runtime/clickhouse/migrate.ts'
import type { Block } from './block.ts'
import { insertBlock, isBadRow, isDiskFull, isMissingTable } from './insert.ts'
import type { StorageMetrics } from './metrics.ts'

/** Tries before the batch goes back to the log, which hands it out again after a longer pause and lets other topics go on. */
const TRIES = 4
const FIRST_PAUSE_MS = 50

export interface StoreOptions {
  readonly client: ClickHouseClient
  readonly logger: Logger
  /** Tables are on all nodes of it. */
  readonly cluster: string | undefined
  readonly metrics: StorageMetrics
  /** Ends the waiting when the worker is stopped: the block is then not stored, and comes again. */
  readonly signal: AbortSignal
  /** 0 to 1, for the jitter. */
  readonly random: () => number
}

/** Makes the block of some of a block's rows again: those from one place up to before another. */
export type Rebuild = (from: number, to: number) => Promise<Block['body']>

/**
 * Stores a block. While the store is away it is tried a few times, with growing
 * pauses and jitter; then the fault is thrown, the log keeps the batch, and it
 * comes again: nothing is dropped after any number of tries. Resolves to the
 * places of rows that the store will never take.
 *
 * Those are found by halving the block. The halves have tokens of their own,
 * so that a crash in the midst repeats the same halves and doubles nothing.
 */
export async function storeBlock(
  block: Block,
  rebuild: Rebuild,
  options: StoreOptions,
): Promise<readonly number[]> {
  const refused: number[] = []
  if (block.rows > 0) await storeRange(0, block.rows)
  return refused

  async function storeRange(from: number, to: number): Promise<void> {
    const whole = to - from === block.rows
    const part = whole
      ? block
      : { ...block, rows: to - from, body: await rebuild(from, to), token: `${block.token}/${from}-${to}` }
    if (await storedOrBad(part, options)) return
    if (to - from === 1) {
      refused.push(from)
      return
    }
    const middle = from + Math.floor((to - from) / 2)
    await storeRange(from, middle)
    await storeRange(middle, to)
  }
}

/** True: stored. False: some row in it is bad. */
async function storedOrBad(block: Block, options: StoreOptions): Promise<boolean> {
  const { client, logger, cluster, metrics, signal } = options
  const { table } = block
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted()
    const done = metrics.seconds.startTimer({ table })
    try {
      await insertBlock(client, block, cluster)
      done()
      metrics.tried(true)
      metrics.rows.inc({ table }, block.rows)
      metrics.batches.inc({ table })
      return true
    } catch (error) {
      if (isBadRow(error)) return false
      metrics.tried(false)
      const missing = isMissingTable(error)
      metrics.retries.inc({ cause: missing ? 'schema' : isDiskFull(error) ? 'disk' : 'store' })
      if (tries === TRIES) throw error
      if (missing) await migrate(client, { logger, cluster })
      const longest = FIRST_PAUSE_MS * 4 ** (tries - 1)
      await pause(longest * (0.5 + options.random() / 2), undefined, { signal })
    }
  }
}
