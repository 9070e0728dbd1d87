import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { z } from 'zod'
import { freePorts } from '../../../deploy/kafka/free-ports.ts'
import { Decision } from '../../../schemas/decision.ts'
import { accessActivity, accessDecisions, accessFindings, accessScored } from '../../../schemas/topics.ts'
import { prepareWhole } from '../../../services/cli/bench/whole.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { untilCaughtUp, type Reading } from '../log/caught-up.ts'
import { verifyChain } from '../events/chain.ts'
import { runCliProcess } from './cli-process.ts'
import type { CliProcess } from './cli-process.ts'
import { eventually } from '../eventually.ts'
import { expectFindingsOfReplay, expectStoredOnce } from './survivors.ts'
import { readJson } from './whole-load.ts'

const ROLES = ['storage', 'feedback', 'scoring', 'gateway'] as const
type Victim = (typeof ROLES)[number] | 'broker'
const STARTED: Readonly<Record<(typeof ROLES)[number], RegExp>> = {
  storage: /storage started/,
  feedback: /feedback started/,
  scoring: /scoring started/,
  gateway: /gateway started/,
}
const JUDGED_AND_STORED: readonly Reading[] = [
  ['scoring', accessDecisions],
  ['scoring-source', accessActivity],
  ['feedback', accessFindings],
  ['storage', accessScored],
]
const Answer = z.object({ context: z.object({ decision_id: z.string() }) })

export interface RolesApart {
  /** How often each victim is killed. */
  readonly times: number
  /** The configuration's section; undefined: the embedded log. */
  readonly kafka?: Readonly<Record<string, unknown>>
  readonly openLog: (dataDir: string) => Promise<EventLog>
  readonly broker?: { kill(): Promise<void>; start(): Promise<void> }
}

/**
 * Runs each role as a process of its own under load, kills every one of them, and
 * the broker where there is one, `times` times with -9, some of them together, at
 * random moments in a random order; then asks that no acknowledged decision is
 * missing, that none is in the log or the store twice, and that findings equal a
 * single worker's replay of the log.
 */
export async function expectKillsToLoseNothing({ times, kafka, openLog, broker }: RolesApart): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-apart-'))
  const [port = 0] = await freePorts(1)
  const prepared = await prepareWhole(directory, {
    log_level: 'info',
    ...(kafka === undefined ? {} : { kafka }),
    gateway: {
      policy_file: join(directory, 'policy.yaml'),
      listen: { port: 0 },
      decision_point: { port },
    },
  })
  const running = new Map<string, CliProcess>()
  const begin = async (role: (typeof ROLES)[number]): Promise<void> => {
    const child = runCliProcess(['--config', prepared.config, 'run', role], {}, directory)
    running.set(role, child)
    await child.shows(STARTED[role], 150_000)
  }
  const kill = async (victim: Victim): Promise<void> => {
    await (victim === 'broker' ? broker?.kill() : running.get(victim)?.stop('SIGKILL'))
  }
  const load = startLoad(`http://127.0.0.1:${port}/access/v1/evaluation`, prepared.token)
  try {
    if (kafka !== undefined)
      expect(
        await runCliProcess(['--config', prepared.config, 'topics', '--create'], {}, directory).exited(),
      ).toBe(0)
    await Promise.all(ROLES.map(begin))

    const victims: Victim[] = broker === undefined ? [...ROLES] : [...ROLES, 'broker']
    const rounds = victims.map((victim) => ({ victim, in: someOf(times, Math.ceil(times * 1.5)) }))
    let kills = 0
    for (let round = 0; round < times * 1.5; round += 1) {
      await sleep(300 + Math.random() * 1200)
      const now = rounds.filter((one) => one.in.has(round)).map(({ victim }) => victim)
      kills += now.length
      // Dead together, and back one beside the other: who starts while the broker is away says so and is started again.
      await Promise.all(now.map(kill))
      if (now.includes('broker')) await broker?.start()
      await Promise.all(ROLES.filter((role) => now.includes(role)).map(begin))
    }
    expect(kills).toBe(times * victims.length)
    const acknowledged = await load.stop()

    const eventLog = await openLog(prepared.dataDir)
    await eventually('every acknowledged decision is in the log', async () => {
      const logged = (await readJson(eventLog, accessDecisions)) as Decision[]
      const ids = new Set(logged.map(({ id }) => id))
      return acknowledged.every((id) => ids.has(id))
    })
    await untilCaughtUp(eventLog, JUDGED_AND_STORED)
    const ends = await Promise.all([...running.values()].map((role) => role.stop('SIGTERM')))
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0])

    const decisions = (await readJson(eventLog, accessDecisions)).map((one) => Decision.parse(one))
    const ids = decisions.map(({ id }) => id)
    expect(acknowledged.length).toBeGreaterThan(kills * 10)
    expect(new Set(ids).size).toBe(ids.length)
    expect(verifyChain(decisions).problems).toEqual([])

    await expectFindingsOfReplay(eventLog)
    await eventLog.close()
    await expectStoredOnce(prepared.dataDir, ids.length)
  } finally {
    await load.stop()
    await Promise.all([...running.values()].map((role) => role.stop('SIGKILL')))
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

/** Five people at work and one who probes, until stopped; a gateway that is away is asked again. */
function startLoad(evaluation: string, token: string): { stop(): Promise<readonly string[]> } {
  const acknowledged: string[] = []
  const stopping = new AbortController()
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      const probing = number === 0
      try {
        const response = await fetch(evaluation, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            subject: {
              type: 'user',
              id: probing ? `mallory-${turn >> 6}` : `person-${(turn * 6 + number) % 40}`,
            },
            action: { name: probing ? 'delete' : 'read' },
            resource: { type: 'record', id: String(turn % 50) },
            context: { ip: `198.51.100.${number + 1}`, user_agent: 'load/1.0' },
          }),
          signal: AbortSignal.timeout(20_000),
        })
        if (response.ok) acknowledged.push(Answer.parse(await response.json()).context.decision_id)
      } catch {
        await sleep(50)
      }
      await sleep(probing ? 15 : 50)
    }
  }
  const ended = Promise.all(Array.from({ length: 6 }, (_, number) => client(number)))
  return {
    async stop() {
      stopping.abort()
      await ended
      return acknowledged
    },
  }
}

/** So many of the numbers from 0 on, chosen at random. */
function someOf(count: number, all: number): Set<number> {
  const numbers = Array.from({ length: all }, (_, number) => ({ number, at: Math.random() }))
  return new Set(
    numbers
      .toSorted((a, b) => a.at - b.at)
      .slice(0, count)
      .map(({ number }) => number),
  )
}
