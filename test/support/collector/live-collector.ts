import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import { Decision } from '../../../schemas/decision.ts'
import { accessDecisions, deadLetterOf, type LogTopic } from '../../../schemas/topics.ts'
import { CollectorConfig } from '../../../services/collector/live/config.ts'
import { startCollector, type Collector } from '../../../services/collector/live/main.ts'
import { CheckpointsConfig } from '../../../services/runtime/checkpoints/config.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog, LogRecord } from '../../../services/runtime/log/event-log.ts'
import { openTokens, type Tokens } from '../../../services/runtime/tokens.ts'
import { eventually } from '../eventually.ts'

/** A collector on a log of its own, in a folder of its own; it can be stopped and started again. */
export interface LiveCollector {
  readonly folder: string
  readonly eventLog: EventLog
  readonly metrics: Registry
  readonly tokens: Tokens
  /** The `collector` section, as a person writes it. */
  start(section: unknown): Promise<Collector>
  /** In the order of their chain. */
  decisions(): Promise<Decision[]>
  /** Waits until there are so many. */
  atLeast(count: number): Promise<Decision[]>
  deadLetters(): Promise<LogRecord[]>
}

export async function liveCollector(): Promise<LiveCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewatch-live-'))
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'log'), partitions: 2 })
  const tokens = await openTokens(folder)
  const started: Collector[] = []
  const metrics = new Registry()
  onTestFinished(async () => {
    for (const collector of started) await collector.stop()
    await eventLog.close()
    await rm(folder, { recursive: true, force: true })
  })
  const decisions = () => decisionsOf(eventLog)
  return {
    folder,
    eventLog,
    metrics,
    tokens,
    async start(section) {
      metrics.clear()
      const collector = await startCollector(
        { dataDir: folder, logger: pino({ level: 'silent' }), metrics, eventLog },
        CollectorConfig.parse(section),
        // What is sent after the start comes to a source that listens.
        { tokens, tenant: 'live', checkpoints: CheckpointsConfig.parse({}), ready_within_ms: 150_000 },
      )
      let stopped = false
      const running = {
        ...collector,
        async stop() {
          if (stopped) return
          stopped = true
          await collector.stop()
        },
      }
      started.push(running)
      return running
    },
    decisions,
    atLeast: (count) =>
      eventually(`${count} decisions`, async () => {
        const some = await decisions()
        return some.length >= count && some
      }),
    deadLetters: () => recordsOf(eventLog, deadLetterOf(accessDecisions)),
  }
}

/** All decisions of a log, in the order of their chains. */
export async function decisionsOf(eventLog: EventLog): Promise<Decision[]> {
  const records = await recordsOf(eventLog, accessDecisions)
  const decisions = records.map(({ value }) =>
    Decision.parse(JSON.parse(Buffer.from(value ?? []).toString())),
  )
  const place = ({ pep }: Decision): string =>
    `${pep?.id}/${pep?.boot_id?.padStart(9, '0')}/${String(pep?.seq).padStart(9, '0')}`
  return decisions.sort((a, b) => (place(a) < place(b) ? -1 : 1))
}

/** A record's members may be views that end with the reading. */
function copyOf({ offset, key, value, headers, appended_ms }: LogRecord): LogRecord {
  return { offset, key, value: value?.slice() ?? null, headers: { ...headers }, appended_ms }
}

async function recordsOf(eventLog: EventLog, topic: LogTopic): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const some of eventLog.read(topic, { partition })) {
      all.push(...some.map(copyOf))
    }
  }
  return all
}

/** A line of sshd about a refused password, in journald's short-iso. */
export function sshdLine(user: string, nth: number, atMs: number = Date.now()): string {
  const at = new Date(atMs).toISOString().replace(/\.\d+Z/, '+0000')
  return `${at} host-1 sshd[${10_000 + nth}]: Failed password for ${user} from 203.0.113.7 port ${1024 + (nth % 60_000)} ssh2\n`
}
