import { afterEach, beforeEach } from 'vitest'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { startTestGateway, startUpstream, tempDir } from './gateway.ts'
import type { TestGateway, Upstream } from './gateway.ts'

export interface GatewayPlace {
  readonly path: string
  readonly log: EventLog
  readonly upstream: Upstream
  readonly start: (
    policy: string,
    over?: Record<string, unknown>,
    eventLog?: EventLog,
  ) => Promise<TestGateway>
  readonly stop: (gateway: TestGateway) => Promise<void>
}

/** A directory, a log and an application of its own for each test of the file; what it starts and leaves is stopped after it. */
export function gatewayPlace(): GatewayPlace {
  let dir: Awaited<ReturnType<typeof tempDir>>
  let log: EventLog
  let upstream: Upstream
  const started = new Set<TestGateway>()

  beforeEach(async () => {
    dir = await tempDir()
    log = await openEmbeddedLog({ directory: dir.path, partitions: 2 })
    upstream = await startUpstream()
  })

  afterEach(async () => {
    for (const gateway of started) await gateway.stop()
    started.clear()
    await upstream.stop()
    await log.close()
    await dir.release()
  })

  return {
    get path() {
      return dir.path
    },
    get log() {
      return log
    },
    get upstream() {
      return upstream
    },
    async start(policy, over = {}, eventLog = log) {
      const gateway = await startTestGateway(dir.path, eventLog, policy, over)
      started.add(gateway)
      return gateway
    },
    async stop(gateway) {
      started.delete(gateway)
      await gateway.stop()
    },
  }
}
