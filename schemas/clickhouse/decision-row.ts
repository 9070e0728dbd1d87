import { Decision, type DecisionInput } from '../decision.ts'
import { isRecord } from '../record.ts'
import { Enrichment, type ScoredDecision } from '../scored-decision.ts'
import { columnsOf, type Column, type Columns } from './columns.ts'
import { fromStoreInstant, toStoreInstant } from './instant.ts'
import { keptHashes, restoredChain } from './stored-chain.ts'

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

/** Turns scored decisions into rows of `decisions`, and rows into what they were. */
export interface DecisionRows {
  readonly columns: readonly string[]
  /** `ingested_at` is when the log took the scored event. Throws UnstorableError. */
  toRow(scored: ScoredDecision, ingestedMs: number): Row
  /**
   * From `SELECT *`: the event as it went in. `prev` is the hash of the link
   * before it; where it is missing and the row is no pinned one, the chain has
   * no more than the row keeps (`stored-chain.ts`).
   */
  toScored(row: Row, prev?: string): unknown
  /** The columns of the decision alone, without enrichment and scores: all that its chain hash covers. */
  readonly decisionColumns: readonly string[]
  /** From these columns: the decision as it went in. */
  toDecision(row: Row): unknown
}

/**
 * The one place that knows how a decision lies in its table: see
 * `001_create_decisions.sql` for what absence and emptiness look like there.
 * Reading a schema takes a millisecond: make one and keep it.
 */
export function openDecisionRows(): DecisionRows {
  const decision = columnsOf(Decision)
  const enrichment = columnsOf(Enrichment, ['enrichment'])
  const all = [...decision.columns, ...enrichment.columns].map(({ name }) => name)
  return {
    columns: [...all, 'ingested_at', 'scores', 'empty_fields'],
    decisionColumns: [...decision.columns.map(({ name }) => name), 'empty_fields'],
    toRow(scored, ingestedMs) {
      const row: Row = {}
      const empty: string[] = []
      flatten(scored.decision, decision, row, empty)
      dropHashes(scored.decision, row)
      flatten(scored.enrichment, enrichment, row, empty)
      row['ingested_at'] = toStoreInstant(new Date(ingestedMs).toISOString())
      row['scores'] = scored.scores
      if (empty.length > 0) row['empty_fields'] = empty
      return row
    },
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

function dropHashes({ chain, pep }: ScoredDecision['decision'], row: Row): void {
  if (chain === undefined) return
  const kept = keptHashes(pep?.seq, chain)
  for (const field of ['prev', 'personal_hash', 'hash'] as const)
    if (!kept.has(field)) delete row[`chain_${field}`]
}

function withChain(decision: Row, prev: string | undefined): Row {
  const { chain: kept, ...unchained } = decision
  if (!isRecord(kept)) return decision
  // The shape is that of the schema's own columns; whether the values are right is what the hash tells.
  const chain = restoredChain(unchained as unknown as DecisionInput, kept, prev)
  return { ...unchained, chain: chain ?? kept }
}

function flatten(value: object, { columns, objects }: Columns, row: Row, empty: string[]): void {
  for (const column of columns) {
    const field = at(value, column.path)
    if (field === undefined || field === null) {
      if (!column.optional && field === undefined) throw new UnstorableError(column.name)
      continue
    }
    if (column.optional && (field === '' || (Array.isArray(field) && field.length === 0))) {
      empty.push(column.name)
      continue
    }
    row[column.name] = stored(column, field)
  }
  for (const object of objects) {
    const there = at(value, object.path)
    if (isRecord(there) && Object.keys(there).length === 0) empty.push(object.name)
  }
}

function stored(column: Column, field: unknown): unknown {
  switch (column.kind) {
    case 'instant': {
      const instant = typeof field === 'string' ? toStoreInstant(field) : null
      if (instant === null) throw new UnstorableError(column.name)
      return instant
    }
    case 'json':
      return JSON.stringify(field)
    case 'integer':
      if (Number.isSafeInteger(field)) return field
      break
    case 'number':
      if (typeof field === 'number') return field
      break
    case 'flag':
      if (typeof field === 'boolean') return field
      break
    case 'list':
      if (Array.isArray(field)) return field
      break
    case 'text':
      if (typeof field === 'string') return field
      break
    default:
  }
  throw new UnstorableError(column.name)
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

function at(value: object, path: readonly string[]): unknown {
  let here: unknown = value
  for (const key of path) {
    if (!isRecord(here)) return undefined
    here = here[key]
  }
  return here
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
