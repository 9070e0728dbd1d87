import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sessionLogouts } from '../../../schemas/topics.ts'
import { openLogouts } from '../../../services/gateway/identity/logouts.ts'
import type { Logouts } from '../../../services/gateway/identity/logouts.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { eventually } from '../../support/eventually.ts'
import { tempDir } from '../../support/gateway/gateway.ts'
import { unreachableLog } from '../../support/log/unreachable-log.ts'

const NOW = Date.parse('2026-01-01T00:00:00.000Z')
const HOUR = 3_600_000
const BOB = 'session-of-bob-0001'
const ALICE = 'session-of-alice-01'

interface Place {
  readonly path: string
  readonly log: EventLog
}

async function open(): Promise<Place> {
  const dir = await tempDir()
  onTestFinished(dir.release)
  const log = await openEmbeddedLog({ directory: join(dir.path, 'log') })
  onTestFinished(() => log.close())
  return { path: dir.path, log }
}

function start(
  { path, log }: Place,
  name: string,
  { eventLog = log, now = NOW, ended = (_id: string) => {} } = {},
): Promise<Logouts> {
  const file = join(path, name, 'logouts')
  const logger = pino({ level: 'silent' })
  return openLogouts({ eventLog, logger, tenant: 'default', path: file, now: () => now, ended })
}

async function startHere(place: Place, name: string, options = {}): Promise<Logouts> {
  const logouts = await start(place, name, options)
  onTestFinished(() => logouts.close())
  return logouts
}

describe('what was signed out', () => {
  it('is known at every gateway, told to each, and outlives the file of the one that was asked', async () => {
    const place = await open()
    const told: string[] = []
    const here = await startHere(place, 'here')
    const there = await startHere(place, 'there', { ended: (id: string) => told.push(id) })
    await here.add(BOB, NOW + HOUR)
    await eventually('the word to arrive', () => there.has(BOB))
    expect([here.has(BOB), here.has(ALICE), there.has(ALICE)]).toEqual([true, false, false])
    expect(told).toEqual([BOB])
    expect((await startHere(place, 'a new machine')).has(BOB)).toBe(true)
  })

  it('counts here while the log is away, and elsewhere when it is back', async () => {
    const place = await open()
    const away = unreachableLog(place.log)
    const here = await startHere(place, 'here', { eventLog: away.eventLog })
    const there = await startHere(place, 'there')
    away.become('read_only')
    await here.add(BOB, NOW + HOUR)
    expect([here.has(BOB), there.has(BOB)]).toEqual([true, false])
    away.become('well')
    await eventually('the word to arrive', () => there.has(BOB))
  })

  it('is brought to the log by the next start when the process died before', async () => {
    const place = await open()
    const away = unreachableLog(place.log)
    const before = await start(place, 'here', { eventLog: away.eventLog })
    away.become('read_only')
    await before.add(BOB, NOW + HOUR)
    await before.close()
    const there = await startHere(place, 'there')
    expect(there.has(BOB)).toBe(false)
    await startHere(place, 'here')
    await eventually('the word to arrive', () => there.has(BOB))
  })

  it('is removed from the log an hour after its session is over, and not before', async () => {
    const place = await open()
    const here = await start(place, 'here')
    await here.add(BOB, NOW + HOUR)
    await here.add(ALICE, NOW + 2 * HOUR)
    await here.close()
    const table = await place.log.openTable(sessionLogouts)
    onTestFinished(() => table.close())
    await table.caughtUp()
    expect([...table.entries()].length).toBe(2)
    await startHere(place, 'later', { now: NOW + 2.5 * HOUR })
    await eventually('the removal', () => [...table.entries()].length === 1)
    expect(table.get(`default/${ALICE}`)).toBeDefined()
  })
})
