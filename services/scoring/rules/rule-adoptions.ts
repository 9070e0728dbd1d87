import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog, OutRecord, Table } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'
import type { RuleSet } from './language/rule-set.ts'
import type { RuleSets } from './rule-sets.ts'

export type RuleAdoption = Extract<Control, { readonly kind: 'rule_set' }>

/** A day longer than scored decisions are kept: until then a replay may ask for it. */
const KEPT_MS = 8 * 86_400_000

/**
 * Which rules each partition of scored decisions is held against. A batch takes
 * up those that are in force when it begins, and says so in its own commit,
 * texts included: so the choice is part of the log, a successor goes on with it,
 * and a replay makes the same one.
 */
export class RuleAdoptions {
  readonly #tenant: string
  readonly #sets: RuleSets
  readonly #table: Table
  /** By partition; what the log says. */
  readonly #said = new Map<number, RuleAdoption>()
  /** By partition: what the batch in hand took up; the next one shows whether its commit came about. */
  readonly #pending = new Map<number, RuleAdoption>()

  private constructor(table: Table, sets: RuleSets, tenant: string) {
    this.#table = table
    this.#sets = sets
    this.#tenant = tenant
    const take = (value: Uint8Array | undefined): void => {
      const record = value === undefined ? undefined : readRecord(control.schema, { value })
      if (record?.kind === 'rule_set') this.#heard(record)
    }
    table.follow((_, value) => take(value))
    for (const [, value] of table.entries()) take(value)
  }

  static async open(eventLog: EventLog, sets: RuleSets, tenant: string): Promise<RuleAdoptions> {
    return new RuleAdoptions(await eventLog.openTable(control), sets, tenant)
  }

  /** A partition became ours: resolves when all is known that its last owner took up. */
  async took(partition: number): Promise<void> {
    this.#pending.delete(partition)
    await this.#table.caughtUp()
  }

  /** What must be committed with the batch of a partition that begins at `offset`, since it is held against `set`. */
  begin(partition: number, offset: number, set: RuleSet, at: string): OutRecord[] {
    const pending = this.#pending.get(partition)
    if (pending !== undefined && offset > pending.offset) this.#heard(pending)
    this.#pending.delete(partition)
    const said = this.#said.get(partition)
    if (said?.version === set.version) return []
    const record: RuleAdoption = {
      schema_version: 1,
      kind: 'rule_set',
      tenant: this.#tenant,
      name: `rule-set/${partition}/${offset}`,
      at,
      partition,
      version: set.version,
      offset,
    }
    this.#pending.set(partition, record)
    return [...this.#sets.published(set, at), jsonRecord(control, record), ...this.#old(partition, at)]
  }

  close(): Promise<void> {
    return this.#table.close()
  }

  #heard(record: RuleAdoption): void {
    const known = this.#said.get(record.partition)
    if (known === undefined || known.offset <= record.offset) this.#said.set(record.partition, record)
  }

  /** Tombstones of what no replay can ask for any more: each was in force until the next one, however long ago it began. */
  #old(partition: number, at: string): OutRecord[] {
    const since = Date.parse(at) - KEPT_MS
    const own = [...this.#table.entries()]
      .flatMap(([key, value]) => {
        const record = readRecord(control.schema, { value })
        return record?.kind === 'rule_set' && record.partition === partition ? [{ key, record }] : []
      })
      .sort((a, b) => b.record.offset - a.record.offset)
    return own
      .slice(1)
      .filter((_, index) => Date.parse(own[index]?.record.at ?? at) < since)
      .map(({ key }) => ({ topic: control, key, value: null }))
  }
}
