import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Decision } from '../../../schemas/decision.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { readDecisions, startUpstream, tempDir, type Upstream } from './gateway.ts'
import { openPolicy, startSpoolingGateway, type SpoolingGateway } from './spooling-gateway.ts'
import type { Away } from '../log/unreachable-log.ts'

export interface SpoolingPlace {
  /** A gateway of this place; one at a time. What still runs after a test is killed. */
  readonly start: (away?: Away) => Promise<SpoolingGateway>
  /** What the log holds, once the gateway has ended. */
  readonly logged: () => Promise<Decision[]>
}

/** For each test a directory with an embedded log, and an application behind it. `after`: when a slow log is left for the spool. */
export function spoolingPlace(after: string): SpoolingPlace {
  let dir: Awaited<ReturnType<typeof tempDir>>
  let upstream: Upstream
  const started: SpoolingGateway[] = []
  beforeEach(async () => {
    dir = await tempDir()
    upstream = await startUpstream()
  })
  afterEach(async () => {
    for (const gateway of started.splice(0)) await gateway.kill()
    await upstream.stop()
    await dir.release()
  })
  return {
    async start(away = 'well') {
      const gateway = await startSpoolingGateway({
        data_dir: dir.path,
        log: { directory: join(dir.path, 'log') },
        policy: openPolicy(upstream.url),
        config: { spool: { after } },
        away,
      })
      started.push(gateway)
      return gateway
    },
    async logged() {
      const log = await openEmbeddedLog({ directory: join(dir.path, 'log') })
      try {
        return await readDecisions(log)
      } finally {
        await log.close()
      }
    },
  }
}
