import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

type Versioned = Extract<Control, { kind: 'calibration' | 'adoption' }>

/** Removes calibrations made before an instant, and who took them up, except for the newest of each: no replay can ask for the others any more. */
export async function forgetOld(eventLog: EventLog, beforeMs: number): Promise<void> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    const all: { readonly key: string; readonly record: Versioned }[] = []
    const newest = new Map<string, number>()
    for (const [key, value] of table.entries()) {
      const record = readRecord(control.schema, { value })
      if (record?.kind !== 'calibration' && record?.kind !== 'adoption') continue
      all.push({ key, record })
      newest.set(seriesOf(record), Math.max(versionOf(record), newest.get(seriesOf(record)) ?? 0))
    }
    const old = all.filter(
      ({ record }) =>
        Date.parse(record.at) < beforeMs && versionOf(record) < (newest.get(seriesOf(record)) ?? 0),
    )
    if (old.length > 0) await eventLog.append(old.map(({ key }) => ({ topic: control, key, value: null })))
  } finally {
    await table.close()
  }
}

function versionOf(record: Versioned): number {
  return record.kind === 'calibration' ? record.calibration.version : record.version
}

/** Versions of one series replace each other. */
function seriesOf(record: Versioned): string {
  return record.kind === 'calibration'
    ? record.tenant
    : `${record.tenant} ${record.stage} ${record.partition}`
}
