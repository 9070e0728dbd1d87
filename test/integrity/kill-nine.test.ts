import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { GENESIS, chainHash, personalHash } from '../../schemas/chain.ts'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions, accessScored, type LogTopic } from '../../schemas/topics.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { openEnrich } from '../../services/scoring/main.ts'
import { loggedFindings, replayDecisions } from '../../services/scoring/replay.ts'
import { sourceStage, subjectStage } from '../../services/scoring/worker.ts'
import { prepareWhole, type Whole } from '../../services/cli/bench/whole.ts'

const KILLS = 20
const CLIENTS = 8

/** Asks for decisions until the process is gone; returns the ids of those that were answered. */
async function load(whole: Whole, token: string, round: number): Promise<string[]> {
  const acknowledged: string[] = []
  const one = async (client: number): Promise<void> => {
    for (let turn = 0; ; turn += 1) {
      // Client 0 is refused again and again: a burst that must be found, once, whoever dies when.
      const probing = client === 0
      const body = {
        subject: {
          type: 'user',
          id: probing ? `mallory-${round}` : `person-${(turn * CLIENTS + client) % 40}`,
        },
        action: { name: probing ? 'delete' : 'read' },
        resource: { type: 'record', id: String(turn % 50) },
        context: { ip: `198.51.100.${client + 1}`, user_agent: 'load/1.0' },
      }
      try {
        const response = await fetch(whole.evaluation, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        if (!response.ok) continue
        const answer = (await response.json()) as { context: { decision_id: string } }
        acknowledged.push(answer.context.decision_id)
      } catch {
        return
      }
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => one(client)))
  return acknowledged
}

async function readJson(eventLog: EventLog, topic: LogTopic): Promise<unknown[]> {
  const values: unknown[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition })) {
      for (const { value } of records)
        if (value !== null) values.push(JSON.parse(new TextDecoder().decode(value)))
    }
  }
  return values
}

/** Waits until every group has committed what the log holds. */
async function untilCaughtUp(eventLog: EventLog): Promise<void> {
  const groups: [group: string, topic: LogTopic][] = [
    ['scoring', accessDecisions],
    ['storage', accessScored],
  ]
  const deadline = Date.now() + 60_000
  for (const [group, topic] of groups) {
    for (;;) {
      const committed = await eventLog.committed(group, topic)
      const marks = await eventLog.watermarks(topic)
      if (marks.every(({ partition, high }) => (committed.get(partition) ?? 0) >= high)) break
      if (Date.now() > deadline) throw new Error(`${group} did not catch up with ${topic.name}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Gaps in the numbering and breaks in the chain, in words; none where all is well. */
function chainFaults(decisions: readonly Decision[]): string[] {
  const faults: string[] = []
  let prev = GENESIS
  let boot = ''
  let seq = -1
  for (const decision of decisions) {
    const { pep, chain } = decision
    if (pep?.boot_id === undefined || pep.seq === undefined || chain?.salt === undefined)
      return ['a decision without chain']
    if (pep.boot_id !== boot) {
      if (boot !== '' && (chain.prev_boot?.boot_id !== boot || chain.prev_boot.seq !== seq))
        faults.push(`${pep.boot_id} names ${JSON.stringify(chain.prev_boot)}, not ${boot}/${seq}`)
      boot = pep.boot_id
      seq = -1
    }
    if (pep.seq !== seq + 1) faults.push(`${boot}: ${pep.seq} follows ${seq}`)
    if (chain.prev !== prev) faults.push(`${boot}/${pep.seq} does not follow the record before it`)
    if (chain.hash !== chainHash(chain.prev, decision, personalHash(decision, chain.salt)))
      faults.push(`${boot}/${pep.seq} was altered`)
    seq = pep.seq
    prev = chain.hash
  }
  return faults
}

describe('promise 2 and 3: the whole is killed with -9 under load', () => {
  it(`${KILLS} times, and no acknowledged decision is missing, none is stored twice, and findings equal a replay`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-whole-'))
    const whole = await prepareWhole(directory)
    const acknowledged: string[] = []
    try {
      for (let round = 0; round < KILLS; round += 1) {
        const running = await whole.start()
        const loaded = load(running, whole.token, round)
        await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 900))
        await running.kill()
        acknowledged.push(...(await loaded))
      }
      const last = await whole.start()
      const eventLog = await openEmbeddedLog({ directory: join(whole.dataDir, 'log') })
      await untilCaughtUp(eventLog)
      expect(await last.stop()).toBe(0)

      const decisions = (await readJson(eventLog, accessDecisions)) as Decision[]
      const ids = decisions.map(({ id }) => id)
      expect(acknowledged.length).toBeGreaterThan(KILLS * 10)
      expect(new Set(ids).size).toBe(ids.length)
      expect(acknowledged.filter((id) => !new Set(ids).has(id))).toEqual([])
      expect(chainFaults(decisions)).toEqual([])

      const logger = pino({ level: 'silent' })
      const stages = {
        subject: subjectStage(await openEnrich(ScoringConfig.parse({}))),
        source: sourceStage(),
      }
      const replayed = await replayDecisions(eventLog, stages)
      const found = await loggedFindings(eventLog)
      expect(found.length).toBeGreaterThan(0)
      expect(found.map((finding) => JSON.stringify(finding)).sort()).toEqual(
        replayed.findings.map((finding) => JSON.stringify(finding)).sort(),
      )

      const engine = await startEngine({ dataDir: whole.dataDir, logger })
      const client = openClickHouse(engine.endpoint)
      const [stored] = await (
        await client.query({
          query: `SELECT count() AS stored, uniqExact(id) AS ids FROM decisions`,
          format: 'JSONEachRow',
        })
      ).json<{ stored: number; ids: number }>()
      expect(stored).toEqual({ stored: ids.length, ids: ids.length })
      await client.close()
      await engine.stop()
      await eventLog.close()
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    }
  }, 420_000)
})
