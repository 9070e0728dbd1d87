import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

/** A calibration, or that one was taken up, under its key. */
export interface KeyedVersion {
  readonly key: string
  readonly record: Extract<Control, { kind: 'calibration' | 'adoption' }>
}

/** Removes calibrations, and who took them up, that no replay of the last `keptMs` can ask for any more. */
export async function forgetOld(eventLog: EventLog, keptMs: number): Promise<void> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    const all: KeyedVersion[] = []
    for (const [key, value] of table.entries()) {
      const record = readRecord(control.schema, { value })
      if (record?.kind === 'calibration' || record?.kind === 'adoption') all.push({ key, record })
    }
    const old = outdated(all, keptMs)
    if (old.length > 0) await eventLog.append(old.map((key) => ({ topic: control, key, value: null })))
  } finally {
    await table.close()
  }
}

/**
 * Keys of what was out of force before the newest of its series was so old: a
 * record holds until the next one, however long ago it was made. A calibration
 * stays for as long as somebody is known to read with it.
 */
export function outdated(all: readonly KeyedVersion[], keptMs: number): string[] {
  const old = new Set<string>()
  for (const series of Map.groupBy(all, seriesOf).values()) {
    const rising = series.toSorted((a, b) => versionOf(a) - versionOf(b))
    const limitMs = Math.max(...rising.map(atOf)) - keptMs
    for (const [index, { key }] of rising.entries()) {
      const next = rising[index + 1]
      if (next !== undefined && atOf(next) < limitMs) old.add(key)
    }
  }
  const readWith = new Set(
    all.flatMap(({ key, record }) =>
      record.kind === 'adoption' && !old.has(key) ? [`${record.tenant}/${record.version}`] : [],
    ),
  )
  return all
    .filter(
      (each) =>
        old.has(each.key) &&
        !(each.record.kind === 'calibration' && readWith.has(`${each.record.tenant}/${versionOf(each)}`)),
    )
    .map(({ key }) => key)
}

function versionOf({ record }: KeyedVersion): number {
  return record.kind === 'calibration' ? record.calibration.version : record.version
}

function atOf({ record }: KeyedVersion): number {
  return Date.parse(record.at)
}

/** Records of one series replace each other. */
function seriesOf({ record }: KeyedVersion): string {
  return record.kind === 'calibration'
    ? record.tenant
    : `${record.tenant} ${record.stage} ${record.partition}`
}
