import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyChain } from '../support/events/chain.ts'
import { eventually } from '../support/eventually.ts'
import { readDecisions, startUpstream, tempDir } from '../support/gateway/gateway.ts'
import type { Upstream } from '../support/gateway/gateway.ts'
import { canStartBrokers, startBrokers } from '../support/kafka/kafka-broker.ts'
import type { OwnBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { openPolicy, startSpoolingGateway } from '../support/gateway/spooling-gateway.ts'
import type { SpoolingGateway } from '../support/gateway/spooling-gateway.ts'

/**
 * The promise of `log-away.test.ts` with a real broker that is killed: requests
 * are served, and when it is back the topic holds every decision, in order, once,
 * though the gateway is killed too while it drains. BROKER_AWAY_MS gives the full
 * two minutes (120000).
 */
const AWAY_MS = Number(process.env['BROKER_AWAY_MS'] ?? 4000)

describe.skipIf(!canStartBrokers())('Kafka', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>
  let upstream: Upstream
  let cluster: OwnBrokers
  const started: SpoolingGateway[] = []

  beforeEach(async () => {
    dir = await tempDir()
    upstream = await startUpstream()
    cluster = await startBrokers()
  })

  afterEach(async () => {
    for (const gateway of started.splice(0)) await gateway.kill()
    await cluster.dispose()
    await upstream.stop()
    await dir.release()
  })

  it(
    'a broker that is away under load costs no decision and doubles none, over kill -9 of the gateway while it drains',
    async () => {
      const prefix = newPrefix()
      const { brokers } = cluster
      const start = async () => {
        const gateway = await startSpoolingGateway({
          data_dir: dir.path,
          log: { kafka: JSON.stringify({ brokers, prefix }) },
          policy: openPolicy(upstream.url),
          config: { spool: { after: '25ms' } },
          away: 'well',
        })
        started.push(gateway)
        return gateway
      }
      const first = await start()
      const load = first.load(8, 15)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      first.took.splice(0)
      await cluster.kill(0)
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
      const { note } = await first.order({})
      const took = first.took.splice(0).toSorted((a, b) => a - b)
      expect(note).toMatch(/decisions wait for the event log/)
      expect(first.refused.total).toBe(0)
      await cluster.start(0)
      await eventually(
        'draining has begun',
        async () =>
          !(await first.order({})).metrics.includes('\ngatewatch_gateway_spool_drained_decisions_total 0\n'),
      )
      await first.kill()
      await load.stop()

      const second = await start()
      await eventually('the spool is empty', async () => (await second.order({})).note === null)
      await second.ask(1)
      expect(await second.stop()).toBe(0)
      const acknowledged = [...first.acknowledged, ...second.acknowledged]
      const log = await openTestLog({ brokers, prefix })
      const decisions = await readDecisions(log)
      await log.close()
      const ids = new Set(decisions.map(({ id }) => id))
      expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
      expect(ids.size).toBe(decisions.length)
      expect(verifyChain(decisions)).toMatchObject({ boots: 2, problems: [] })
      const at = (part: number) => took[Math.floor(took.length * part)]?.toFixed(1)
      process.stdout.write(`broker away: ${took.length} requests, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`)
      expect(took.length).toBeGreaterThan(20)
    },
    600_000 + 3 * AWAY_MS,
  )
})
