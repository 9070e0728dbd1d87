import { Control } from '../../schemas/control.ts'
import { control } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord, parseJson } from '../runtime/log/json-record.ts'

/** How far verification has come; it survives a restart, and is what `gatewatch status` shows. */
export type Verification = Extract<Control, { kind: 'verification' }>

const NAME = 'verification'

export async function readProgress(eventLog: EventLog, tenant: string): Promise<Verification | null> {
  const table = await eventLog.openTable(control)
  try {
    await table.caughtUp()
    const value = table.get(`${tenant}/${NAME}`)
    const json = value === undefined ? undefined : parseJson({ value })
    const read = json?.kind === 'ok' ? Control.safeParse(json.value).data : undefined
    return read?.kind === 'verification' ? read : null
  } finally {
    await table.close()
  }
}

export function writeProgress(
  eventLog: EventLog,
  progress: Omit<Verification, 'schema_version' | 'kind' | 'name'>,
): Promise<void> {
  return eventLog.append([
    jsonRecord(control, { schema_version: 1, kind: 'verification', name: NAME, ...progress }),
  ])
}
