import { expect, it } from 'vitest'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { spoolingPlace } from '../support/gateway/spooling-place.ts'

/**
 * The promise: a log that is away for two minutes is noticed by nobody who makes
 * requests, and afterwards holds every decision, in order, once, in a chain
 * without a gap. LOG_AWAY_MS gives the full two minutes (120000).
 */
const AWAY_MS = Number(process.env['LOG_AWAY_MS'] ?? 1500)

const { start, logged } = spoolingPlace('25ms')

it(
  'serves under load while the log refuses, hangs, or takes decisions and does not say so, and has each of them once, in order, when it is back',
  async () => {
    const gateway = await start()
    const load = gateway.load(8, 15)
    const notes: (string | null)[] = []
    const took: { well: number[]; away: number[] } = { well: [], away: [] }
    for (const away of ['well', 'refuse', 'well', 'hang', 'well', 'deaf', 'well', 'mute', 'well'] as const) {
      await gateway.order({ away })
      await new Promise((resolve) => setTimeout(resolve, away === 'well' ? 300 : AWAY_MS))
      const answered = took[away === 'well' ? 'well' : 'away']
      // One by one: two minutes are more requests than a call takes arguments.
      for (const ms of gateway.took.splice(0)) answered.push(ms)
      if (away !== 'well') notes.push((await gateway.order({})).note)
    }
    await load.stop()
    await eventually('the spool is empty', async () => (await gateway.order({})).note === null)
    expect(gateway.refused.total).toBe(0)
    for (const note of notes) expect(note).toMatch(/decisions wait/)
    const { acknowledged } = gateway
    expect(await gateway.stop()).toBe(0)

    const decisions = await logged()
    expect(acknowledged.length).toBeGreaterThan(100)
    const ids = new Set(decisions.map(({ id }) => id))
    expect(ids.size).toBe(decisions.length)
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    expect(verifyChain(decisions)).toMatchObject({ boots: 1, problems: [] })
    // On a busy machine both are slow: what counts is that a log which is away costs no more than a flush.
    const [well, away] = [took.well, took.away].map((list) => list.toSorted((a, b) => a - b))
    const at = (list: number[] | undefined, part: number) =>
      list?.[Math.floor(list.length * part)] ?? Infinity
    const text = (list: number[] | undefined) =>
      `${list?.length} requests, p50 ${at(list, 0.5).toFixed(1)} ms, p99 ${at(list, 0.99).toFixed(1)} ms`
    process.stdout.write(`log well: ${text(well)}; log away: ${text(away)}\n`)
    expect(at(away, 0.5)).toBeLessThan(4 * at(well, 0.5) + 250)
  },
  600_000 + 4 * AWAY_MS,
)

it('stops within 10 s while the log hangs, and the next start brings what waited into the log', async () => {
  const gateway = await start()
  await gateway.ask(1)
  await gateway.order({ away: 'hang' })
  for (let turn = 0; turn < 20; turn += 1) expect((await gateway.ask(turn)).status).toBe(200)
  const { acknowledged } = gateway
  const before = performance.now()
  expect(await gateway.stop()).toBe(0)
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(await logged()).toHaveLength(1)

  const next = await start()
  await eventually('the spool is empty', async () => (await next.order({})).note === null)
  await next.ask(99)
  await next.stop()
  const decisions = await logged()
  expect(decisions).toHaveLength(22)
  expect(acknowledged.filter((id) => !decisions.some((one) => one.id === id))).toEqual([])
  expect(verifyChain(decisions)).toMatchObject({ boots: 2, problems: [] })
})
