import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** How a table is counted from the decisions of a day. */
export interface RollUp {
  readonly table: string
  readonly sql: string
  /**
   * What a long day is cut by: hours, where the table has hours, else ranges of a column of decisions
   * that is part of its key. A row's count is never made of two pieces, since of two counts the higher is kept.
   */
  readonly by: string
}

/**
 * With how many generations of roll-ups a day is rolled up here; one with fewer, by an older version, is
 * rolled up again. To be raised with every table that is added: see `025_add_generation_to_decision_days.sql`.
 */
export const GENERATION = 2

const DIRECTORY = fileURLToPath(new URL('../../../schemas/clickhouse/roll-ups/', import.meta.url))

/** The statements of `schemas/clickhouse/roll-ups/`; the first line of each says what it is cut by. */
export async function readRollUps(): Promise<readonly RollUp[]> {
  const names = (await readdir(DIRECTORY)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${DIRECTORY}${name}`, 'utf8')
      const by = /^-- by (\w+)\n/.exec(sql)?.[1]
      if (by === undefined) throw new TypeError(`${name} does not say what it is cut by`)
      return { table: name.slice(0, -4), sql, by }
    }),
  )
}
