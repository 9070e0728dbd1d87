import { isUtf8 } from 'node:buffer'
import { parseDecision } from '../../../schemas/decision.ts'
import { isRecord } from '../../../schemas/record.ts'
import { keptHashes } from '../../../schemas/clickhouse/stored-chain.ts'
import { nativeBlock, openColumn, type Column } from '../../runtime/clickhouse/native/block.ts'
import { ListColumn } from '../../runtime/clickhouse/native/list-column.ts'
import { NumberColumn } from '../../runtime/clickhouse/native/number-column.ts'
import type { LogRecord } from '../../runtime/log/event-log.ts'
import { MAX_JSON_BYTES, parseJson } from '../../runtime/log/json-record.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import type { BlockBody } from '../block.ts'
import type { RowReason } from '../rows/row-of.ts'
import type { FieldReader } from './field-reader.ts'
import { openReader } from './readers.ts'
import { Scanner } from './scan.ts'
import type { ScanPlan } from './scan-plan.ts'

const OK: Outcome<unknown, RowReason> = { kind: 'ok', value: null }

/**
 * Scored decisions as a block of `decisions`, column by column, straight from
 * the records' bytes. `types` are the table's columns by name, as the store says
 * them; what the table has no column for yet is left out. `rows` is how many are expected.
 */
export class DecisionBlock {
  rows = 0
  readonly #scanner: Scanner
  readonly #readers: readonly FieldReader[]
  readonly #columns = new Map<string, Column>()
  readonly #ingested: NumberColumn
  readonly #emptyFields: ListColumn
  readonly #names: { readonly fields: readonly Uint8Array[]; readonly objects: readonly Uint8Array[] }
  readonly #at: Readonly<Record<'version' | 'seq' | 'salt' | 'prev_boot' | Hash, number>>

  constructor(plan: ScanPlan, types: ReadonlyMap<string, string>, rows?: number) {
    this.#scanner = new Scanner(plan)
    this.#readers = plan.columns.map((column) => {
      const type = types.get(column.name)
      const target = type === undefined ? null : openColumn(type, rows)
      if (target) this.#columns.set(column.name, target)
      return openReader(column, target)
    })
    this.#ingested = this.#own('ingested_at', types, NumberColumn)
    this.#emptyFields = this.#own('empty_fields', types, ListColumn)
    this.#names = {
      fields: plan.columns.map(({ name }) => Buffer.from(name)),
      objects: plan.objects.map((name) => Buffer.from(name)),
    }
    const place = (name: string) => plan.columns.findIndex((column) => column.name === name)
    this.#at = {
      version: place('schema_version'),
      seq: place('pep_seq'),
      salt: place('chain_salt'),
      prev_boot: place('chain_prev_boot_boot_id'),
      prev: place('chain_prev'),
      personal_hash: place('chain_personal_hash'),
      hash: place('chain_hash'),
    }
  }

  /** Adds a record's row, or says why it has none: then the block is as it was. */
  add(record: Pick<LogRecord, 'value' | 'appended_ms'>): Outcome<unknown, RowReason> {
    const bytes = record.value
    const read =
      bytes !== null && bytes.length <= MAX_JSON_BYTES && isUtf8(bytes) && this.#scanner.scan(bytes)
    if (read && !this.#scanner.unknown) return this.#row(bytes, record.appended_ms)
    // Blanks, or a fault, or a later version's fields: what JSON.parse takes comes again in the form that is read here.
    const parsed = parseJson(record)
    if (parsed.kind !== 'ok') return parsed
    const plain = Buffer.from(JSON.stringify(withKnownFields(parsed.value)))
    if (!this.#scanner.scan(plain)) return unstorable('not of schema version 1')
    return this.#row(plain, record.appended_ms)
  }

  body(): BlockBody {
    return { format: 'Native', parts: nativeBlock(this.#columns, this.rows) }
  }

  /** Empty again, with the room that it has. What `body` gave shares that room, and must have been copied. */
  clear(): void {
    for (const column of this.#columns.values()) column.clear()
    this.rows = 0
  }

  #row(bytes: Uint8Array, ingestedMs: number): Outcome<unknown, RowReason> {
    const { from, to, escaped } = this.#scanner
    // Everything is looked at before anything is added, so that a refused row leaves nothing behind.
    let empty = this.#scanner.emptyObjects
    for (let column = 0; column < this.#readers.length; column++) {
      const reader = this.#readers[column]
      if (!reader) continue
      if (!reader.read(bytes, from[column] ?? -1, to[column] ?? -1, escaped))
        return unstorable(`${reader.name} is missing or not what its column holds`)
      empty ||= reader.empty
    }
    if (this.#readers[this.#at.version]?.number !== 1) return unstorable('not of schema version 1')
    this.#dropHashes()
    for (const reader of this.#readers) reader.append()
    this.#ingested.append(ingestedMs)
    if (empty) this.#appendEmpty()
    this.#emptyFields.endRow()
    this.rows++
    return OK
  }

  #dropHashes(): void {
    const { from } = this.#scanner
    const there = (name: 'salt' | 'personal_hash' | 'prev_boot') => (from[this.#at[name]] ?? -1) >= 0
    const kept = keptHashes(this.#readers[this.#at.seq]?.number ?? null, {
      salt: there('salt'),
      personal_hash: there('personal_hash'),
      prev_boot: there('prev_boot'),
    })
    for (const hash of HASHES) if (!kept.has(hash)) this.#readers[this.#at[hash]]?.forget()
  }

  #appendEmpty(): void {
    const { fields, objects } = this.#names
    const list = this.#emptyFields
    for (let column = 0; column < this.#readers.length; column++) {
      const name = fields[column]
      if (this.#readers[column]?.empty === true && name) list.elements.append(name, 0, name.length)
    }
    for (const [index, name] of objects.entries())
      if (this.#scanner.empty[index] === 1) list.elements.append(name, 0, name.length)
  }

  #own<T extends Column>(
    name: string,
    types: ReadonlyMap<string, string>,
    kind: new (...args: never[]) => T,
  ): T {
    const column = openColumn(types.get(name) ?? '')
    if (!(column instanceof kind)) throw new TypeError(`decisions has no column ${name} of the expected type`)
    this.#columns.set(name, column)
    return column
  }
}

type Hash = 'prev' | 'personal_hash' | 'hash'
const HASHES: readonly Hash[] = ['prev', 'personal_hash', 'hash']

/** What a later version put into the decision goes to `unmapped`, since its chain hash covers it. */
function withKnownFields(scored: unknown): unknown {
  if (!isRecord(scored)) return scored
  const decision = parseDecision(scored['decision']).data
  return decision === undefined ? scored : { ...scored, decision }
}

function unstorable(detail: string): Outcome<unknown, RowReason> {
  return { kind: 'dead-letter', reason: 'unstorable', detail }
}
