import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Alert } from '../../schemas/alert.ts'
import { Control } from '../../schemas/control.ts'
import { alertsOutbox, control } from '../../schemas/topics.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { readRecord } from '../../services/runtime/log/json-record.ts'
import { eventually } from '../support/eventually.ts'
import { liveCollector, sshdLine } from '../support/collector/live-collector.ts'

/** Every revision of every alert, oldest first. */
async function alertsOf(eventLog: EventLog): Promise<[state: string, revision: number][]> {
  const told: [string, number][] = []
  for (const { partition } of await eventLog.watermarks(alertsOutbox))
    for await (const some of eventLog.read(alertsOutbox, { partition }))
      for (const { value } of some) {
        const alert = readRecord(Alert, { value })
        if (alert?.kind === 'source') told.push([alert.state, alert.revision])
      }
  return told
}

it('a source that falls silent is told of once, over a restart too, and is over when it speaks again', async () => {
  const place = await liveCollector()
  const path = join(place.folder, 'auth.log')
  await writeFile(path, sshdLine('bob', 1))
  const section = {
    sources: [
      {
        name: 'hosts',
        kind: 'file',
        format: 'sshd',
        path,
        from: 'beginning',
        poll: '10ms',
        silent_after: '1s',
      },
      { name: 'calm', kind: 'file', format: 'sshd', path, from: 'beginning', silent_after: 'never' },
    ],
  }
  const first = await place.start(section)
  await eventually('the alert', async () => (await alertsOf(place.eventLog)).length > 0)
  await eventually('a note', () => first.note() === 'silent: hosts')
  expect(await place.metrics.metrics()).toContain('gatewatch_collector_silent{source="hosts"} 1')
  await first.stop()
  const second = await place.start(section)
  await eventually('silence again', () => second.note() !== null)
  expect(await alertsOf(place.eventLog)).toEqual([['firing', 1]])

  await appendFile(path, sshdLine('bob', 2))
  await eventually('the end of it', async () => (await alertsOf(place.eventLog)).length > 1)
  expect((await alertsOf(place.eventLog)).slice(0, 2)).toEqual([
    ['firing', 1],
    ['resolved', 2],
  ])
  // What `gatewatch status` shows comes from here.
  const table = await place.eventLog.openTable(control)
  const told = readRecord(Control, { value: table.get('live/source/hosts') ?? null })
  await table.close()
  expect(told).toMatchObject({ kind: 'source', way: 'file', format: 'sshd' })
})
