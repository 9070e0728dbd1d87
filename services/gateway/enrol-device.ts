import { Device } from '../../schemas/device.ts'
import { deviceInventory } from '../../schemas/topics.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord } from '../runtime/log/json-record.ts'
import { openSecret } from '../runtime/secrets.ts'
import { sealer } from './identity/session-cookie.ts'

const CODE_LIFETIME_MS = 3_600_000

/** Puts a device into the inventory and resolves to the code that `/.gatewatch/enrol` trades for its cookie. */
export async function enrolDevice(
  eventLog: EventLog,
  dataDir: string,
  device: Omit<Device, 'schema_version' | 'updated_at'>,
  now: number = Date.now(),
): Promise<string> {
  const record = Device.safeParse({ schema_version: 1, ...device, updated_at: new Date(now).toISOString() })
  if (!record.success) {
    const wrong = record.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')
    throw new GatewatchError('ERR_USAGE', `The device can't be enrolled: ${wrong}.`)
  }
  await eventLog.append([jsonRecord(deviceInventory, record.data)])
  const codes = sealer(await openSecret(dataDir, 'gateway-device'), 'gatewatch-enrolment')
  const code = await codes.seal({ device_id: record.data.id }, now + CODE_LIFETIME_MS)
  if (code === null) throw new GatewatchError('ERR_USAGE', 'The id of the device is too long for its cookie.')
  return code
}
