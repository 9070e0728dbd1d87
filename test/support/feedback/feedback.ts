import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { z } from 'zod'
import type { Finding } from '../../../schemas/finding.ts'
import { accessFindings } from '../../../schemas/topics.ts'
import { FeedbackConfig } from '../../../services/feedback/config.ts'
import { type RunningFeedback, startFeedback } from '../../../services/feedback/main.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../../services/runtime/log/json-record.ts'
import type { Runtime } from '../../../services/runtime/runtime.ts'
import { type Tokens, openTokens } from '../../../services/runtime/tokens.ts'

export interface FeedbackHouse {
  readonly runtime: Runtime
  readonly feedback: RunningFeedback
  readonly tokens: Tokens
  readonly url: string
  /** `Authorization` headers of an analyst and of a gateway. */
  readonly analyst: { authorization: string }
  readonly gateway: { authorization: string }
  find(...findings: Finding[]): Promise<void>
  stop(): Promise<void>
}

export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'gatewatch-feedback-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** The whole feedback role on an event log in a directory of its own, on a free port. */
export async function startHouse(
  directory: string,
  config: z.input<typeof FeedbackConfig> = {},
  now: () => number = Date.now,
): Promise<FeedbackHouse> {
  const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' })
  const eventLog = await openEmbeddedLog({ directory: join(directory, 'log'), partitions: 2, logger })
  const runtime: Runtime = { dataDir: directory, logger, metrics: new Registry(), eventLog }
  const tokens = await openTokens(directory)
  const feedback = await startFeedback(runtime, FeedbackConfig.parse({ port: 0, ...config }), { tokens, now })
  const analyst = await tokens.create({ name: 'bob', scopes: ['analyst'] })
  const gateway = await tokens.create({ name: 'gateway', scopes: ['risk-feed'] })
  return {
    runtime,
    feedback,
    tokens,
    url: `http://127.0.0.1:${feedback.port}`,
    analyst: { authorization: `Bearer ${analyst}` },
    gateway: { authorization: `Bearer ${gateway}` },
    find: (...findings) => eventLog.append(findings.map((finding) => jsonRecord(accessFindings, finding))),
    async stop() {
      await feedback.stop()
      await eventLog.close()
    },
  }
}
