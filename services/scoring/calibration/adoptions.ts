import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog, OutRecord, Table } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'
import type { Calibrated } from './calibrated.ts'
import { Readings, type ReadingsOf } from './reading.ts'

type CalibrationRecord = Extract<Control, { kind: 'calibration' }>
type AdoptionRecord = Extract<Control, { kind: 'adoption' }>

/** How the decisions of a batch are read, by tenant, and what must be committed with it. */
export interface Adopted {
  readonly readingsOf: ReadingsOf
  readonly outputs: readonly OutRecord[]
}

/**
 * Which calibration each partition of a stage's input is read with. A batch
 * takes up the newest that is known when it begins, and says so in its own
 * commit: so the choice is part of the log, a successor goes on with it, and a
 * replay makes the same one. Nothing waits for a calibration.
 */
export class Adoptions {
  readonly #stage: string
  readonly #detectors: readonly Calibrated[]
  readonly #declared: Readings
  /** Newest calibration of each tenant. */
  readonly #newest = new Map<string, CalibrationRecord>()
  /** By tenant and version; those that some partition may still be read with. */
  readonly #known = new Map<string, Readings>()
  /** By partition: version of each tenant. */
  readonly #adopted = new Map<number, Map<string, number>>()
  /** By partition: what the batch in hand took up; the next one shows whether its commit came about. */
  readonly #pending = new Map<number, { readonly offset: number; readonly versions: Map<string, number> }>()

  #table: Table | undefined

  constructor(stage: string, detectors: readonly Calibrated[]) {
    this.#stage = stage
    this.#detectors = detectors
    this.#declared = new Readings(detectors)
  }

  /** Follows the control topic from its beginning on. */
  async open(eventLog: EventLog): Promise<void> {
    const table = await eventLog.openTable(control)
    this.#table = table
    const take = (value: Uint8Array | undefined) => {
      const record = value === undefined ? undefined : readRecord(control.schema, { value })
      if (record?.kind === 'calibration') this.#heard(record)
      if (record?.kind === 'adoption') this.#learnt(record)
    }
    table.follow((_, value) => take(value))
    for (const [, value] of table.entries()) take(value)
  }

  /** A partition became ours: resolves when all is known that its last owner took up. What we took up before, in a commit that may not have come about, is forgotten. */
  async took(partition: number): Promise<void> {
    this.#pending.delete(partition)
    await this.#table?.caughtUp()
  }

  async close(): Promise<void> {
    await this.#table?.close()
  }

  /** For the batch of a partition that begins at `offset`. */
  begin(partition: number, offset: number, at: string): Adopted {
    const last = this.#pending.get(partition)
    if (last !== undefined && offset > last.offset)
      for (const [tenant, version] of last.versions) this.#adopt(partition, tenant, version)
    const versions = new Map(this.#adopted.get(partition))
    const outputs: OutRecord[] = []
    for (const [tenant, { calibration }] of this.#newest) {
      if ((versions.get(tenant) ?? 0) >= calibration.version) continue
      versions.set(tenant, calibration.version)
      outputs.push(this.#adoption(tenant, partition, calibration.version, offset, at))
    }
    this.#pending.set(partition, { offset, versions })
    return {
      outputs,
      readingsOf: (tenant) => this.#known.get(keyOf(tenant, versions.get(tenant) ?? 0)) ?? this.#declared,
    }
  }

  #adoption(tenant: string, partition: number, version: number, offset: number, at: string): OutRecord {
    const stage = this.#stage
    const name = `adoption/${stage}/${partition}/${version}`
    return jsonRecord(control, {
      schema_version: 1,
      kind: 'adoption',
      tenant,
      name,
      at,
      stage,
      partition,
      version,
      offset,
    })
  }

  #heard(record: CalibrationRecord): void {
    const { tenant, calibration } = record
    this.#known.set(keyOf(tenant, calibration.version), new Readings(this.#detectors, calibration))
    const newest = this.#newest.get(tenant)
    if (newest === undefined || newest.calibration.version < calibration.version)
      this.#newest.set(tenant, record)
  }

  #learnt({ tenant, stage, partition, version }: AdoptionRecord): void {
    if (stage === this.#stage) this.#adopt(partition, tenant, version)
  }

  #adopt(partition: number, tenant: string, version: number): void {
    let versions = this.#adopted.get(partition)
    if (versions === undefined) {
      versions = new Map()
      this.#adopted.set(partition, versions)
    }
    versions.set(tenant, Math.max(version, versions.get(tenant) ?? 0))
  }
}

function keyOf(tenant: string, version: number): string {
  return `${tenant}/${version}`
}
