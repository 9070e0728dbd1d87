import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog, PartitionRecords } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import type { Calibrated } from './calibrated.ts'
import { Readings, type ReadingsOf } from './reading.ts'

type AdoptionRecord = Extract<Control, { kind: 'adoption' }>

/** A part of a batch that is read with one choice of calibrations. */
export interface ReadPart {
  readonly part: PartitionRecords
  readonly readingsOf: ReadingsOf
}

/** What the log says of how each partition of a stage was read, from which offset on. */
export interface ReadingHistory {
  /** Cuts a batch where the worker took up another calibration. */
  cut(part: PartitionRecords): readonly ReadPart[]
  /** How a tenant's scores are read with one calibration; 0: with none. */
  readonly readingsOf: (tenant: string, version: number) => Readings
}

/** Reads from the control topic what a replay of a stage must read scores with. */
export async function readingHistory(
  eventLog: EventLog,
  stage: string,
  detectors: readonly Calibrated[],
): Promise<ReadingHistory> {
  const calibrations = new Map<string, Readings>()
  const adoptions: AdoptionRecord[] = []
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    for (const [, value] of table.entries()) {
      const record = readRecord(control.schema, { value })
      if (record?.kind === 'calibration')
        calibrations.set(
          `${record.tenant}/${record.calibration.version}`,
          new Readings(detectors, record.calibration),
        )
      if (record?.kind === 'adoption' && record.stage === stage) adoptions.push(record)
    }
  } finally {
    await table.close()
  }
  const declared = new Readings(detectors)
  const readingsOf: ReadingHistory['readingsOf'] = (tenant, version) =>
    calibrations.get(`${tenant}/${version}`) ?? declared
  adoptions.sort((a, b) => a.offset - b.offset || a.version - b.version)
  const ofPartition = Map.groupBy(adoptions, ({ partition }) => partition)
  return {
    readingsOf,
    cut(part) {
      const own = ofPartition.get(part.partition) ?? []
      const inside = own
        .map(({ offset }) => offset)
        .filter((at) => at > part.first_offset && at <= part.last_offset)
      return cutAt(part, [...new Set(inside)]).map((piece) => {
        const versions = new Map<string, number>()
        for (const { tenant, offset, version } of own)
          if (offset <= piece.first_offset) versions.set(tenant, version)
        return {
          part: piece,
          readingsOf: (tenant) => readingsOf(tenant, versions.get(tenant) ?? 0),
        }
      })
    },
  }
}

/** Cuts a batch before each of some offsets, which rise. */
export function cutAt(part: PartitionRecords, offsets: readonly number[]): PartitionRecords[] {
  const pieces: PartitionRecords[] = []
  let rest = part.records
  for (const offset of [...offsets, Infinity]) {
    const end = rest.findIndex((record) => record.offset >= offset)
    const records = end === -1 ? rest : rest.slice(0, end)
    const [first, last] = [records[0], records.at(-1)]
    if (first !== undefined && last !== undefined)
      pieces.push({ ...part, records, first_offset: first.offset, last_offset: last.offset })
    rest = end === -1 ? [] : rest.slice(end)
  }
  return pieces
}
