import { Decision, type DecisionInput } from '../decision.ts'
import { isRecord } from '../record.ts'
import { Enrichment } from '../scored-decision.ts'
import { columnsOf, type Column, type Columns } from './columns.ts'
import { fromStoreInstant } from './instant.ts'
import { restoredChain } from './stored-chain.ts'

/** A row as JSON carries it to the store and back. */
export type Row = Record<string, unknown>

/** A field that the store can't hold; the record belongs to the dead letters. */
export class UnstorableError extends Error {
  readonly column: string

  constructor(column: string) {
    super(`${column} is missing or not what its column holds`)
    this.name = 'UnstorableError'
    this.column = column
  }
}

/** Turns rows of `decisions` into the scored decisions that they were. */
export interface DecisionRows {
  readonly columns: readonly string[]
  /**
   * From `SELECT *`: the event as it went in. `prev` is the hash of the link
   * before it; where it is missing and the row is no pinned one, the chain has
   * no more than the row keeps (`stored-chain.ts`).
   */
  toScored(row: Row, prev?: string): unknown
  /** The columns of the decision alone, without enrichment and scores: all that its chain hash covers. */
  readonly decisionColumns: readonly string[]
  /** From these columns: the decision, with what its row keeps of its chain and no more. */
  toDecision(row: Row): unknown
}

/**
 * How a decision lies in its table: see `001_create_decisions.sql` for what
 * absence and emptiness look like there. The way in is the storage worker's.
 * Reading a schema takes a millisecond: make one and keep it.
 */
export function openDecisionRows(): DecisionRows {
  const decision = columnsOf(Decision)
  const enrichment = columnsOf(Enrichment, ['enrichment'])
  const all = [...decision.columns, ...enrichment.columns].map(({ name }) => name)
  return {
    columns: [...all, 'ingested_at', 'scores', 'empty_fields'],
    decisionColumns: [...decision.columns.map(({ name }) => name), 'empty_fields'],
    toDecision: (row) => unflatten(row, decision, emptyFieldsOf(row)),
    toScored(row, prev) {
      const empty = emptyFieldsOf(row)
      return {
        decision: withChain(unflatten(row, decision, empty), prev),
        enrichment: unflatten(row, enrichment, empty),
        scores: row['scores'],
      }
    },
  }
}

function withChain(decision: Row, prev: string | undefined): Row {
  const { chain: kept, ...unchained } = decision
  if (!isRecord(kept)) return decision
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns are the schema's; whether the values are right is what the hash tells
  const chain = restoredChain(unchained as unknown as DecisionInput, kept, prev)
  return { ...unchained, chain: chain ?? kept }
}

function emptyFieldsOf(row: Row): ReadonlySet<unknown> {
  return new Set(Array.isArray(row['empty_fields']) ? row['empty_fields'] : [])
}

function unflatten(row: Row, { columns, objects }: Columns, empty: ReadonlySet<unknown>): Row {
  const value: Row = {}
  for (const object of objects) if (empty.has(object.name)) put(value, object.path, {})
  for (const column of columns) {
    const cell = row[column.name]
    const absent = cell === null || cell === '' || (Array.isArray(cell) && cell.length === 0)
    if (column.optional && absent && !empty.has(column.name)) continue
    if (cell === undefined) throw new UnstorableError(column.name)
    put(value, column.path, restored(column, cell))
  }
  return value
}

function restored(column: Column, cell: unknown): unknown {
  if (typeof cell !== 'string') return cell
  if (column.kind === 'instant') return fromStoreInstant(cell)
  if (column.kind === 'json') return JSON.parse(cell)
  return cell
}

function put(value: Row, path: readonly string[], field: unknown): void {
  let here = value
  for (const key of path.slice(0, -1)) {
    const next = here[key]
    if (isRecord(next)) here = next
    else {
      const made: Row = {}
      here[key] = made
      here = made
    }
  }
  const last = path.at(-1)
  if (last !== undefined) here[last] = field
}
