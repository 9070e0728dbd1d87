import type { Control } from '../../../schemas/control.ts'
import { control } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'

type Versioned = Extract<Control, { kind: 'calibration' | 'adoption' }>

/** Removes calibrations, and who took them up, that are older by so much than the newest of their series: no replay can ask for them any more. */
export async function forgetOld(eventLog: EventLog, keptMs: number): Promise<void> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    const all: { readonly key: string; readonly record: Versioned }[] = []
    const newest = new Map<string, number>()
    for (const [key, value] of table.entries()) {
      const record = readRecord(control.schema, { value })
      if (record?.kind !== 'calibration' && record?.kind !== 'adoption') continue
      all.push({ key, record })
      const series = seriesOf(record)
      newest.set(series, Math.max(Date.parse(record.at), newest.get(series) ?? 0))
    }
    const old = all.filter(
      ({ record }) => Date.parse(record.at) < (newest.get(seriesOf(record)) ?? 0) - keptMs,
    )
    if (old.length > 0) await eventLog.append(old.map(({ key }) => ({ topic: control, key, value: null })))
  } finally {
    await table.close()
  }
}

/** Records of one series replace each other. */
function seriesOf(record: Versioned): string {
  return record.kind === 'calibration'
    ? record.tenant
    : `${record.tenant} ${record.stage} ${record.partition}`
}
