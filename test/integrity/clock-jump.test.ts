import { expect, it } from 'vitest'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { spoolingPlace } from '../support/gateway/spooling-place.ts'

/**
 * The promise: numbers, chain and spool go by the order of the decisions and
 * never by the clock, which may jump back and forth by hours, in one boot and
 * from one to the next. `decided_at` says what the clock said.
 */
const HOUR_MS = 3_600_000

const { start, logged } = spoolingPlace('25ms')

it('keeps numbers, chain and spool in the order of the decisions while the clock jumps, over kill -9 too', async () => {
  const acknowledged: string[] = []
  // Each boot begins in another hour than the one before it ended in, the third in the past of all.
  for (const jumps of [
    [0, 5, -3],
    [-20, 2, -21],
    [-40, 0, 7],
  ]) {
    const gateway = await start()
    for (const [turn, hours] of jumps.entries()) {
      await gateway.order({ clock_ms: hours * HOUR_MS, away: turn === 1 ? 'refuse' : 'well' })
      for (let person = 0; person < 10; person += 1) expect((await gateway.ask(person)).status).toBe(200)
    }
    acknowledged.push(...gateway.acknowledged)
    await gateway.kill()
  }
  const last = await start()
  await last.order({ clock_ms: -100 * HOUR_MS })
  await last.ask(1)
  await eventually('the spool is empty', async () => (await last.order({})).note === null)
  expect(await last.stop()).toBe(0)

  const decisions = await logged()
  const ids = decisions.map(({ id }) => id)
  expect(acknowledged).toHaveLength(90)
  expect(
    decisions.filter(({ id }) => !acknowledged.includes(id)).map(({ pep, unmapped }) => [pep?.seq, unmapped]),
  ).toEqual([[0, undefined]])
  expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
  expect(verifyChain(decisions)).toMatchObject({ boots: 4, problems: [] })
  const times = decisions
    .filter(({ pep }) => pep?.boot_id === acknowledged[0]?.split('-')[0])
    .toSorted((a, b) => (a.pep?.seq ?? 0) - (b.pep?.seq ?? 0))
    .map(({ decided_at }) => Date.parse(decided_at))
  const hoursApart = (from: number, to: number) =>
    Math.round(((times[to] ?? 0) - (times[from] ?? 0)) / HOUR_MS)
  expect([hoursApart(0, 10), hoursApart(10, 20)]).toEqual([5, -8])
})
