import { expect, it } from 'vitest'
import { outdated, type KeyedVersion } from '../../../../services/scoring/calibration/forget-old.ts'

const DAY_MS = 86_400_000
const KEPT_MS = 8 * DAY_MS

function at(day: number): string {
  return new Date(Date.parse('2026-01-01T00:00:00.000Z') + day * DAY_MS).toISOString()
}

function made(version: number, day: number): KeyedVersion {
  const calibration = {
    version,
    made_at: at(day),
    budget_per_day: 1,
    days: 0,
    threshold_nats: null,
    tables: [],
  }
  const name = `calibration/${version}`
  const base = { schema_version: 1, tenant: 'default', name, at: at(day) } as const
  return { key: name, record: { ...base, kind: 'calibration', calibration } }
}

function taken(version: number, day: number, partition = 0): KeyedVersion {
  const name = `adoption/subject/${partition}/${version}`
  const base = { schema_version: 1, tenant: 'default', name, at: at(day) } as const
  return {
    key: name,
    record: { ...base, kind: 'adoption', stage: 'subject', partition, version, offset: version * 100 },
  }
}

it('what was taken up long ago stays while it was in force in the last days, and so does its calibration', () => {
  const all = [made(1, 0), made(2, 1), made(3, 20), taken(1, 0), taken(2, 1), taken(3, 20)]
  expect(outdated(all, KEPT_MS)).toEqual(['calibration/1', 'adoption/subject/0/1'])
})

it('a calibration stays for a partition that has had nothing to read since', () => {
  const all = [
    ...[1, 2, 3, 4].map((version) => made(version, version * 10)),
    ...[1, 2, 3, 4].map((version) => taken(version, version * 10)),
    taken(1, 10, 1),
  ]
  expect(outdated(all, KEPT_MS)).toEqual(['calibration/2', 'adoption/subject/0/1', 'adoption/subject/0/2'])
})

it('nothing is old where all came within the time that is kept', () => {
  expect(outdated([made(1, 0), made(2, 7), taken(1, 0), taken(2, 7)], KEPT_MS)).toEqual([])
})
