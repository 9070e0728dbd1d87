import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { migrate } from '../runtime/clickhouse/migrate.ts'
import { insertBlock, isBadRow, isMissingTable, type Block } from './insert.ts'
import type { StorageMetrics } from './metrics.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A store that is away is said once in a while, not at every try. */
const TRIES_BETWEEN_WARNINGS = 20

export interface StoreOptions {
  readonly client: ClickHouseClient
  readonly logger: Logger
  readonly metrics: StorageMetrics
  /** Ends the waiting when the worker is stopped: the block is then not stored, and comes again. */
  readonly signal: AbortSignal
  /** 0 to 1, for the jitter. */
  readonly random: () => number
}

/**
 * Stores a block, however long that takes: while the store is away it is tried
 * again, with growing pauses and jitter, and nothing is dropped after any number
 * of tries. Resolves to the places of rows that the store will never take.
 *
 * Those are found by halving the block. The halves have tokens of their own,
 * so that a crash in the midst repeats the same halves and doubles nothing.
 */
export async function storeBlock(block: Block, options: StoreOptions): Promise<readonly number[]> {
  if (block.rows.length === 0) return []
  const refused: number[] = []
  await storeRange(0, block.rows.length)
  return refused

  async function storeRange(from: number, to: number): Promise<void> {
    const whole = to - from === block.rows.length
    const part = whole
      ? block
      : { ...block, rows: block.rows.slice(from, to), token: `${block.token}/${from}-${to}` }
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

/** True: stored. False: some row in it is bad. Otherwise it goes on trying. */
async function storedOrBad(block: Block, options: StoreOptions): Promise<boolean> {
  const { client, logger, metrics, signal } = options
  const { table } = block
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted()
    const done = metrics.seconds.startTimer({ table })
    try {
      await insertBlock(client, block)
      done()
      metrics.rows.inc({ table }, block.rows.length)
      metrics.batches.inc({ table })
      if (tries > 0) logger.info({ table, tries }, 'the store takes rows again')
      return true
    } catch (error) {
      if (isBadRow(error)) return false
      metrics.retries.inc({ cause: isMissingTable(error) ? 'schema' : 'unreachable' })
      if (tries % TRIES_BETWEEN_WARNINGS === 0)
        logger.warn({ err: error, table, rows: block.rows.length }, 'the store takes no rows; trying again')
      if (isMissingTable(error)) await migrate(client, { logger }).catch(() => undefined)
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS)
      await pause(longest * (0.5 + options.random() / 2), undefined, { signal })
    }
  }
}
