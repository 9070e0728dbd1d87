/**
 * One role as a process of its own, on a shared log, so that two versions of it
 * can work side by side; its only argument says which. Says `ready` with its
 * decision point's address, ends at SIGTERM.
 */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import * as catalogue from '../../../schemas/topics.ts'
import { FeedbackConfig } from '../../../services/feedback/config.ts'
import { startFeedback } from '../../../services/feedback/main.ts'
import { GatewayConfig } from '../../../services/gateway/config.ts'
import { startGateway } from '../../../services/gateway/main.ts'
import type { ClickHouseEndpoint } from '../../../services/runtime/clickhouse/endpoint.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import type { Running, Runtime } from '../../../services/runtime/runtime.ts'
import { openTokens } from '../../../services/runtime/tokens.ts'
import { ScoringConfig } from '../../../services/scoring/config.ts'
import { startScoring } from '../../../services/scoring/main.ts'
import { StorageConfig } from '../../../services/storage/config.ts'
import { startStorage } from '../../../services/storage/main.ts'
import type { UpgradeRole } from './upgrade.ts'

const role: UpgradeRole = JSON.parse(process.argv[2] ?? '{}')
// Of the version that this file belongs to.
const driver: { openForChild(argument: string): Promise<EventLog> } = await import(
  `../log/${role.log.module}`
)
const eventLog = await driver.openForChild(role.log.argument)
const logger = pino({ level: process.env['TEST_LOG'] ?? 'silent' })
const runtime: Runtime = { dataDir: role.dataDir, logger, metrics: new Registry(), eventLog }

// What only a later version has: a topic, and a kind of control record.
const later: unknown = Reflect.get(catalogue, 'aTopicOfALaterVersion')
if (typeof later === 'object' && later !== null) {
  const { control } = catalogue
  const value = JSON.stringify({ schema_version: 1, kind: 'of_a_later_version', tenant: 'default' })
  await eventLog.append([
    { topic: later as catalogue.LogTopic, key: 'default/x', value: '{}' },
    { topic: control, key: 'default/of-a-later-version', value },
  ])
}

const { running, address } = await start(role.endpoint)
process.send?.(`ready ${address}`)
process.once('SIGTERM', () => {
  void running.stop().then(async () => {
    await eventLog.close()
    process.exit(0)
  })
})

async function start(endpoint: ClickHouseEndpoint): Promise<{ running: Running; address: string }> {
  const tokens = await openTokens(role.dataDir)
  switch (role.name) {
    case 'gateway': {
      const config = GatewayConfig.parse({
        pep_id: role.pep_id,
        policy_file: role.policy,
        listen: { port: 0 },
        decision_point: { port: 0 },
      })
      const gateway = await startGateway(runtime, config, { tokens })
      return {
        running: gateway,
        address: `http://127.0.0.1:${gateway.decision_port}/access/v1/evaluation`,
      }
    }
    case 'workers': {
      const storage = await startStorage(runtime, StorageConfig.parse({ linger_ms: 100 }), { endpoint })
      const scoring = await startScoring(runtime, ScoringConfig.parse({}))
      const stop = async () => {
        await scoring.stop()
        await storage.stop()
      }
      return { running: { stop }, address: '' }
    }
    default:
      return {
        running: await startFeedback(runtime, FeedbackConfig.parse({ port: 0 }), {
          tokens,
          tenant: 'default',
        }),
        address: '',
      }
  }
}
