import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openExpiry } from '../../../services/verify/expiry.ts'

const DAY_MS = 86_400_000
const BEGAN = Date.parse('2026-06-01T00:00:00.000Z')
/** Clocks may differ by an hour. */
const EDGE_DAYS = 1 / 24

/** Starts of the role, each on a day and with a number of days that decisions are kept; what is excused at the last one, in days after the beginning. */
async function excusedAfter(
  starts: readonly (readonly [onDay: number, keptDays: number])[],
  before?: string,
): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-expiry-'))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  if (before !== undefined) {
    await mkdir(join(dataDir, 'verify'))
    await writeFile(join(dataDir, 'verify', 'kept.json'), before)
  }
  let excused = 0
  for (const [day, kept] of starts) {
    const now = BEGAN + day * DAY_MS
    const role = await openExpiry(dataDir, kept * DAY_MS, now, { remember: true })
    const command = await openExpiry(dataDir, kept * DAY_MS, now, { remember: false })
    expect(command.before(now)).toBe(role.before(now))
    excused = (Date.parse(role.before(now)) - BEGAN) / DAY_MS - EDGE_DAYS
  }
  return Math.round(excused * 1000) / 1000
}

it.each([
  [
    'a time that never changed',
    [
      [0, 90],
      [50, 90],
    ],
    -40,
  ],
  [
    'a shorter time',
    [
      [0, 90],
      [50, 30],
    ],
    20,
  ],
  [
    'a longer time: what had gone by the change',
    [
      [0, 30],
      [50, 90],
    ],
    20,
  ],
  [
    'a longer time, and a while after it',
    [
      [0, 30],
      [50, 90],
      [80, 90],
    ],
    20,
  ],
  [
    'a longer time, once that has passed too',
    [
      [0, 30],
      [50, 90],
      [140, 90],
    ],
    50,
  ],
  [
    'a time that was shortened and raised again',
    [
      [0, 90],
      [10, 30],
      [20, 90],
      [30, 90],
    ],
    -10,
  ],
  [
    'a time that was raised twice',
    [
      [0, 30],
      [50, 60],
      [70, 365],
      [80, 365],
    ],
    20,
  ],
  [
    'a clock that was ten years ahead for a start',
    [
      [0, 30],
      [3650, 90],
      [50, 90],
    ],
    -40,
  ],
] as const)('excuses by %s', async (_, starts, excused) => {
  expect(await excusedAfter(starts)).toBe(excused)
})

it('excuses nothing by a file that can not be read', async () => {
  expect(await excusedAfter([[50, 90]], '{"kept_ms":')).toBe(-40)
  expect(await excusedAfter([[50, 90]], '{"kept_ms":-1,"gone_before":"2026-07-01T00:00:00.000Z"}')).toBe(-40)
})
