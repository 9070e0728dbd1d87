import { Alert, firingAlert, resolvedAlert } from '../../schemas/alert.ts'
import { alertsOutbox } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../runtime/log/json-record.ts'

/** Wakes a person when the state of a partition can't be read, since nothing of it is scored until then. */
export interface StateAlerts {
  /** Fires once, however often it is tried again, and by whichever worker. */
  refused(stage: string, partition: number, why: string): Promise<void>
  /** The state was restored: what was firing is over. */
  restored(stage: string, partition: number): Promise<void>
  close(): Promise<void>
}

/** What stands in the outbox says whether a person knows: a worker that takes over goes on from it. */
export async function openStateAlerts(
  eventLog: EventLog,
  { tenant, now }: { readonly tenant: string; readonly now: () => number },
): Promise<StateAlerts> {
  const table = await eventLog.openTable(alertsOutbox)

  function newest(id: string): Alert | undefined {
    return readRecord(Alert, { value: table.get(`${tenant}/${id}`) ?? null })
  }

  return {
    async refused(stage, partition, why) {
      const id = idOf(stage, partition)
      await table.caughtUp()
      const before = newest(id)
      if (before?.state === 'firing') return
      const alert = firingAlert(
        {
          id,
          tenant,
          revision: (before?.revision ?? 0) + 1,
          kind: 'state',
          severity: 'critical',
          summary: `Nothing is scored in partition ${partition} (${stage}): its state can't be read`,
          description: why.slice(0, 2000),
          advice:
            'Run the version that wrote the state, or restore a backup; decisions wait in the log meanwhile.',
          risk_level: 'HIGH',
        },
        new Date(now()).toISOString(),
      )
      await eventLog.append([jsonRecord(alertsOutbox, alert)])
    },
    async restored(stage, partition) {
      const firing = newest(idOf(stage, partition))
      if (firing?.state !== 'firing') return
      const over = resolvedAlert(firing, new Date(now()).toISOString())
      await eventLog.append([jsonRecord(alertsOutbox, over)])
    },
    close: () => table.close(),
  }
}

const idOf = (stage: string, partition: number): string => `alert-state-${stage}-${partition}`
