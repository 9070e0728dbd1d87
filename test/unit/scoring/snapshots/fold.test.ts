import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { control, scoringSnapshots } from '../../../../schemas/topics.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, OutRecord } from '../../../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../../../services/runtime/log/json-record.ts'
import { clearFolded, foldInto } from '../../../../services/scoring/snapshots/fold.ts'
import { restoreSnapshot } from '../../../../services/scoring/snapshots/read-snapshots.ts'
import { baseKey, changeKey, snapshotsName } from '../../../../services/scoring/snapshots/snapshot-keys.ts'

const place = { stage: 'subject', partition: 0 } as const
let directory: string
let eventLog: EventLog
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-fold-'))
  eventLog = await openEmbeddedLog({ directory })
})
afterEach(async () => {
  await eventLog.close()
  await rm(directory, { recursive: true, force: true })
})

function record(key: string, text: string | null): OutRecord {
  return { topic: scoringSnapshots, key, value: text, partition: 0 }
}

const change = (slot: number, key: string, text: string | null) =>
  record(changeKey('subject', slot, key), text)
const base = (key: string, text: string) => record(baseKey('subject', key), text)

/** As the worker says it: all up to the slot is in the base. */
function based(slot: number): OutRecord {
  return jsonRecord(control, {
    schema_version: 1,
    kind: 'snapshots',
    tenant: 'default',
    name: snapshotsName('subject', 0),
    at: new Date(0).toISOString(),
    ...place,
    state_offset: 0,
    base_slot: slot,
    marks: [],
  })
}

async function stateAt(slot: number): Promise<Record<string, string | null>> {
  const state = new Map<string, string | null>()
  await restoreSnapshot(
    eventLog,
    { ...place, slot },
    {
      restore: (key, value) => void state.set(key, value === null ? null : Buffer.from(value).toString()),
    },
  )
  return Object.fromEntries(state)
}

/** What was folded, as a log has it whose compaction took some of what is superseded, and left some. */
const FOLDED = [
  change(1, 'a', 'first'),
  base('a', 'first'),
  change(1, 'a', null),
  base('a', 'second'),
  change(2, 'a', null),
  based(2),
]

describe('what is in the base already', () => {
  it('stays as it is there, though a change that was moved into it can still be read', async () => {
    await eventLog.append([...FOLDED, change(3, 'b', 'other')])
    expect(await stateAt(3)).toEqual({ a: 'second', b: 'other' })
  })

  it('is not taken back by a fold that nobody finishes', async () => {
    await eventLog.append([...FOLDED, change(3, 'b', 'other'), change(4, 'c', 'later')])
    for await (const outputs of foldInto(eventLog, { ...place, slot: 4, base: 2 })) {
      await eventLog.append(outputs)
      expect(await stateAt(4)).toEqual({ a: 'second', b: 'other', c: 'later' })
    }
  })
})

it('a fold that is finished leaves the same state in the base alone', async () => {
  await eventLog.append([
    change(1, 'a', 'first'),
    change(2, 'a', 'second'),
    change(2, 'gone', 'x'),
    change(3, 'gone', ''),
  ])
  for await (const outputs of foldInto(eventLog, { ...place, slot: 3, base: null }))
    await eventLog.append(outputs)
  await eventLog.append([based(3)])
  for await (const outputs of clearFolded(eventLog, { ...place, slot: 3 })) await eventLog.append(outputs)
  const table = await eventLog.openTable(scoringSnapshots)
  await table.caughtUp()
  expect([...table.entries()].map(([key, value]) => [key, Buffer.from(value).toString()])).toEqual([
    [baseKey('subject', 'a'), 'second'],
  ])
  await table.close()
})
