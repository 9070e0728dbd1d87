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
  await place.atLeast(1)
  await eventually('the alert', async () => (await alertsOf(place.eventLog)).at(-1)?.[0] === 'firing')
  await eventually('a note', () => first.note() === 'silent: hosts')
  expect(await place.metrics.metrics()).toContain('gatewatch_collector_silent{source="hosts"} 1')
  await first.stop()
  // Once; where a slow machine has it fall silent before its first line is read, that is over first.
  const before = await alertsOf(place.eventLog)
  const second = await place.start(section)
  await eventually('silence again', () => second.note() !== null)
  expect(await alertsOf(place.eventLog)).toEqual(before)

  await appendFile(path, sshdLine('bob', 2))
  const after = await eventually('the end of it', async () => {
    const all = await alertsOf(place.eventLog)
    return all.length > before.length && all
  })
  const turns = after.map((_, index) => [index % 2 === 0 ? 'firing' : 'resolved', index + 1])
  expect(after).toEqual(turns)
  // What `gatewatch status` shows comes from here.
  const table = await place.eventLog.openTable(control)
  const told = readRecord(Control, { value: table.get('live/source/hosts') ?? null })
  await table.close()
  expect(told).toMatchObject({ kind: 'source', way: 'file', format: 'sshd' })
})
