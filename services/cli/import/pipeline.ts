import { setTimeout as sleep } from 'node:timers/promises'
import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  accessStories,
  deadLetterOf,
  policyEffects,
  ruleMatches,
  type LogTopic,
} from '../../../schemas/topics.ts'
import type { Config } from '../../config.ts'
import { lockDataDir } from '../../runtime/data-dir-lock.ts'
import type { Lifecycle } from '../../runtime/lifecycle.ts'
import { endsOf } from '../../runtime/log/ends-of.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Role } from '../roles/role.ts'

/** The way of a decision: who has to have handled what, in the order in which one writes what the next reads. */
const STAGES: readonly (readonly [group: string, topic: LogTopic])[] = [
  ['scoring', accessDecisions],
  ['scoring-source', accessActivity],
  ['scoring-policy', policyEffects],
  ['scoring-rules', accessScored],
  ['scoring-rule-matches', ruleMatches],
  ['feedback', accessFindings],
  ['storage', accessScored],
  ['storage', accessFindings],
  ['storage', accessStories],
  ['storage', deadLetterOf(accessDecisions)],
]
/** There are none where no rules are configured. */
const OF_RULES: readonly string[] = ['scoring-rules', 'scoring-rule-matches']
const ROLES: readonly Role[] = ['storage', 'feedback', 'scoring']

/** So many decisions may wait for scoring: about a gigabyte, well below what retention keeps. */
const MAX_BACKLOG = 1_000_000
/** Without any progress for so long, waiting ends. */
const PATIENCE_MS = 30_000
const POLL_MS = 50

export interface Pipeline {
  /** Waits while too much waits for scoring: the log would drop its oldest. */
  keepUp(): Promise<void>
  /** Waits until all that is in the log is scored, judged and stored; names the groups that do not get on. */
  drain(progress: (done: number, all: number) => void): Promise<readonly string[]>
}

/** The workers behind an import: those that run already, and the missing ones, started once they are needed. */
export function pipeline(runtime: Runtime, config: Config, lifecycle: Lifecycle): Pipeline {
  const { eventLog } = runtime
  let started: Promise<void> | null = null
  const start = (): Promise<void> => (started ??= startMissing(runtime, config, lifecycle))
  return {
    async keepUp() {
      if ((await backlog(eventLog, 'scoring', accessDecisions)) <= MAX_BACKLOG) return
      await start()
      await waitFor(async () =>
        Math.max(0, (await backlog(eventLog, 'scoring', accessDecisions)) - MAX_BACKLOG / 2),
      )
    },
    async drain(progress) {
      await start()
      const all = await backlog(eventLog, 'scoring', accessDecisions)
      const behind = new Set<string>()
      for (const [group, topic] of STAGES) {
        if (behind.has(group)) continue
        if (OF_RULES.includes(group) && config.scoring.rules === undefined) continue
        const target = await endsOf(eventLog, topic)
        const passed = await waitFor(async () => {
          const left = await missing(eventLog, group, topic, target)
          if (group === 'scoring') progress(Math.max(0, all - left), all)
          return left
        })
        if (!passed) behind.add(group)
      }
      return [...behind]
    },
  }
}

/** Starts the roles that no process runs. Ports are any that are free: nobody is to be told of them. */
async function startMissing(runtime: Runtime, config: Config, lifecycle: Lifecycle): Promise<void> {
  const roles: Role[] = []
  for (const role of ROLES) if (!(await runtime.eventLog.hasMembers(role))) roles.push(role)
  if (roles.length === 0) return
  await lifecycle.start('lock of roles', async () => {
    const lock = await lockDataDir(runtime.dataDir, roles, 'import')
    return { stop: () => lock.release() }
  })
  const { startRoles } = await import('../roles/start-roles.ts')
  const local = '127.0.0.1'
  await startRoles({
    runtime,
    lifecycle,
    roles,
    config: {
      ...config,
      admin: { host: local, port: 0 },
      feedback: { ...config.feedback, host: local, port: 0 },
    },
    started: () => {},
  })
}

/** Waits until `left` is 0, as long as it gets smaller; false when it does not for half a minute. */
async function waitFor(left: () => Promise<number>): Promise<boolean> {
  let least = Infinity
  let since = performance.now()
  for (;;) {
    const now = await left()
    if (now === 0) return true
    if (now < least) {
      least = now
      since = performance.now()
    } else if (performance.now() - since > PATIENCE_MS) return false
    await sleep(POLL_MS)
  }
}

async function backlog(eventLog: EventLog, group: string, topic: LogTopic): Promise<number> {
  return missing(eventLog, group, topic, await endsOf(eventLog, topic))
}

/** Records before `target` that a group has not committed. */
async function missing(
  eventLog: EventLog,
  group: string,
  topic: LogTopic,
  target: ReadonlyMap<number, number>,
): Promise<number> {
  const committed = await eventLog.committed(group, topic)
  const low = new Map((await eventLog.watermarks(topic)).map((mark) => [mark.partition, mark.low]))
  let sum = 0
  for (const [partition, high] of target) {
    sum += Math.max(0, high - Math.max(committed.get(partition) ?? 0, low.get(partition) ?? 0))
  }
  return sum
}
