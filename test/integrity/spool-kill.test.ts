import { expect, it } from 'vitest'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { spoolingPlace } from '../support/gateway/spooling-place.ts'

/**
 * The promise: no decision that was answered is lost and none comes twice,
 * whenever the gateway dies: while it spools, while it drains, between an append
 * and its release, at a log that answers or not.
 */
const KILLS = Number(process.env['SPOOL_KILLS'] ?? 6)

const { start, logged } = spoolingPlace('10ms')
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it(
  `${KILLS} times kill -9 while decisions go to the spool and from there to the log`,
  async () => {
    const acknowledged: string[] = []
    for (let round = 0; round < KILLS; round += 1) {
      const gateway = await start('well')
      const load = gateway.load(6)
      await eventually('some answers', () => gateway.acknowledged.length > 5)
      for (const away of ['deaf', 'well', 'mute', 'well', 'refuse', 'well'] as const) {
        void gateway.order({ away })
        await pause(Math.random() * 120)
        // Any of these moments may be the last one.
        if (Math.random() < 0.25) break
      }
      await gateway.kill()
      await load.stop()
      acknowledged.push(...gateway.acknowledged)
    }
    const last = await start('well')
    await eventually('the spool is empty', async () => (await last.order({})).note === null)
    await last.ask(1)
    expect(await last.stop()).toBe(0)

    const decisions = await logged()
    const ids = new Set(decisions.map(({ id }) => id))
    expect(acknowledged.length).toBeGreaterThan(KILLS * 5)
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    expect(ids.size).toBe(decisions.length)
    expect(verifyChain(decisions)).toMatchObject({ links: decisions.length, problems: [] })
  },
  600_000 + KILLS * 10_000,
)
