import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { accessScored } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Block } from '../../storage/block.ts'
import { columnTypes } from '../../storage/column-types.ts'
import { DecisionBlock } from '../../storage/decisions/decision-block.ts'
import { openScanPlan } from '../../storage/decisions/scan-plan.ts'
import { insertBlock } from '../../storage/insert.ts'

/** Rows of one insert of the engine's own run: its best size, found by trying. */
const OWN_ROWS = 20_000
const LOOK_MS = 25
/** Without a merge for this long, none will come: the engine looks for the next one when an insert or a merge has ended. */
const CALM_MS = 500

/** All scored decisions of a log as blocks, made by the worker's own code. */
export async function ownBlocks(client: ClickHouseClient, log: EventLog): Promise<readonly Block[]> {
  const types = await columnTypes(client, 'decisions')
  const plan = openScanPlan()
  const blocks: Block[] = []
  let builder = new DecisionBlock(plan, types)
  const cut = () => {
    blocks.push({ table: 'decisions', token: `${blocks.length}`, rows: builder.rows, body: builder.body() })
    builder = new DecisionBlock(plan, types)
  }
  for (let partition = 0; partition < log.partitions(accessScored); partition++)
    for await (const records of log.read(accessScored, { partition }))
      for (const record of records) {
        builder.add(record)
        if (builder.rows === OWN_ROWS) cut()
      }
  if (builder.rows > 0) cut()
  return blocks
}

/** What inserting blocks and merging them takes, once `warm` of their rows are there: rows, and seconds. */
export async function ownRun(
  client: ClickHouseClient,
  blocks: readonly Block[],
  { name, warm }: { readonly name: string; readonly warm: number },
): Promise<Timed> {
  await empty(client)
  let stored = 0
  let from: { readonly at: number; readonly rows: number } | undefined
  for (const block of blocks) {
    if (from === undefined && stored >= warm) {
      await calm(client)
      from = { at: performance.now(), rows: stored }
    }
    await insertBlock(client, { ...block, token: `${name}/${block.token}` })
    stored += block.rows
  }
  const { at = performance.now(), rows = stored } = from ?? {}
  return { rows: stored - rows, seconds: ((await calm(client)) - at) / 1000 }
}

export interface Timed {
  readonly rows: number
  readonly seconds: number
}

export async function empty(client: ClickHouseClient): Promise<void> {
  for (const table of ['decisions', 'decision_days'])
    await client.command({ query: `TRUNCATE TABLE ${table}` })
}

/** Waits until the engine has no more to merge, and says since when: of `performance.now`, and no earlier than the call. */
export async function calm(client: ClickHouseClient): Promise<number> {
  let since = performance.now()
  while (performance.now() - since < CALM_MS) {
    await pause(LOOK_MS)
    const merges = await client.query({ query: 'SELECT 1 FROM system.merges', format: 'JSONEachRow' })
    if ((await merges.json()).length > 0) since = performance.now()
  }
  return since
}
