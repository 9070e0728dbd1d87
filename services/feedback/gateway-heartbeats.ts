import { Gauge, type Registry } from 'prom-client'
import { Control } from '../../schemas/control.ts'
import { control } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { parseJson } from '../runtime/log/json-record.ts'

export type Heartbeat = Extract<Control, { kind: 'heartbeat' }>

/** Silent for longer than this, a gateway has been taken away, or its silence has been told for a day. */
const FORGOTTEN_AFTER_MS = 86_400_000
/** Gateways that are told apart at most: each is a label. */
const MAX_GATEWAYS = 1000

/**
 * `gatewatch_feedback_gateway_heartbeat_age_seconds` by enforcement point: how
 * long ago each gateway last said that it lives, by its own clock. Told by
 * another process than the gateway, since a machine that is gone tells nothing.
 *
 * @param heard is told of every beat, and of the newest one of each gateway at first
 */
export async function watchHeartbeats(
  eventLog: EventLog,
  registry: Registry,
  now: () => number,
  heard: (key: string, heartbeat: Heartbeat) => void = () => {},
): Promise<{ close(): Promise<void> }> {
  const table = await eventLog.openTable(control)
  const newest = new Map<string, number>()
  const note = (key: string, value: Uint8Array | undefined): void => {
    // Newest last, so that the first is the one that was silent for longest.
    newest.delete(key)
    const parsed = value === undefined ? null : parseJson({ value })
    const heartbeat = parsed?.kind === 'ok' ? Control.safeParse(parsed.value).data : undefined
    if (heartbeat?.kind !== 'heartbeat') return
    newest.set(key, Date.parse(heartbeat.at))
    heard(key, heartbeat)
    const [oldest] = newest.keys()
    if (newest.size > MAX_GATEWAYS && oldest !== undefined) newest.delete(oldest)
  }
  const unfollow = table.follow(note)
  await table.caughtUp()
  for (const [key, value] of table.entries()) note(key, value)
  void new Gauge({
    name: 'gatewatch_feedback_gateway_heartbeat_age_seconds',
    help: 'Seconds since the newest heartbeat of each enforcement point of the last day.',
    labelNames: ['tenant', 'pep_id'],
    registers: [registry],
    collect() {
      this.reset()
      const at = now()
      for (const [key, beat] of newest) {
        if (at - beat > FORGOTTEN_AFTER_MS) continue
        const [tenant = '', , pep_id = ''] = key.split('/')
        this.set({ tenant, pep_id }, Math.max(0, at - beat) / 1000)
      }
    },
  })
  return {
    async close() {
      unfollow()
      await table.close()
    },
  }
}
