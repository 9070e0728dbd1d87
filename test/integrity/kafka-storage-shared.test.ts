import { fork, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { accessScored } from '../../schemas/topics.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { countInserts } from '../support/store/count-inserts.ts'
import { eventually } from '../support/eventually.ts'
import { hasKafka, kafkaBrokers } from '../support/kafka/kafka-broker.ts'
import { newPrefix, openTestLog } from '../support/log/kafka-log-driver.ts'
import { untilTaken } from '../support/log/log-load.ts'
import { rowsOf, startTempEngine } from '../support/store/temp-engine.ts'

const PROCESS = fileURLToPath(new URL('../support/store/storage-process.ts', import.meta.url))
const BEFORE = 1_000
/** GATEWATCH_FULL_OUTAGE=1: more of them; with each the others wait until the dead one's session is over. */
const KILLS = process.env['GATEWATCH_FULL_OUTAGE'] === '1' ? 4 : 1

describe.skipIf(!hasKafka())('storage processes that share the partitions of a topic', () => {
  it('store every decision once, though one dies between insert and commit and another is killed under load', async () => {
    // given a store, a topic of four partitions with decisions in each, and nobody who stores them
    const place = { brokers: await kafkaBrokers(), prefix: newPrefix() }
    const store = await startTempEngine()
    onTestFinished(() => store.close())
    await migrate(store.client)
    await countInserts(store.client)
    const log = await openTestLog(place)
    onTestFinished(() => log.close())
    const processes: ChildProcess[] = []
    onTestFinished(() => processes.forEach((one) => one.kill('SIGKILL')))
    const begin = (mode: 'live' | 'die-before-commit'): ChildProcess => {
      const child = fork(PROCESS, [store.dataDir, mode, JSON.stringify(place)])
      processes.push(child)
      return child
    }
    const next = await decisions()
    let made = 0
    const append = async (count: number) => {
      const records = Array.from({ length: count }, () => next(made++))
      // A busy machine may not take them in time; the same ones are written once, however often they come.
      await untilTaken(() => log.append(records))
    }
    for (let part = 0; part < 4; part++) await append(BEFORE / 4)

    // when one dies with a block that is stored and not committed, and two others find its partitions
    const dies = begin('die-before-commit')
    await new Promise((resolve) => dies.once('exit', resolve))
    const [first] = await rowsOf<{ n: number }>(store.client, 'SELECT count() AS n FROM decisions')
    expect(first?.n).toBeGreaterThan(0)
    const living = [begin('live'), begin('live')]
    const shares = living.map(partitionsOf)
    await eventually('both store some of the partitions', async () => {
      await append(40)
      await pause(20)
      return shares.every(({ size }) => size > 0)
    })

    // and one, or in turn each, is killed in the middle of its work, while decisions keep coming
    for (let kill = 0; kill < KILLS; kill++) {
      for (let tick = 0; tick < 10; tick++) {
        await append(50)
        await pause(20)
      }
      living[kill % 2]?.kill('SIGKILL')
      living[kill % 2] = begin('live')
    }

    // then the store has what the log has, and neither table nor view ever let a block in twice
    await untilCaughtUp(log, [['storage', accessScored]])
    expect(
      await rowsOf(store.client, 'SELECT count() AS stored, uniqExact(id) AS decisions FROM decisions'),
    ).toEqual([{ stored: made, decisions: made }])
    expect(await rowsOf(store.client, 'SELECT sum(rows) AS inserted FROM inserted')).toEqual([
      { inserted: made },
    ])
  })
})

async function decisions() {
  const golden = await readFile(new URL('../golden/v1/scored-decision.json', import.meta.url), 'utf8')
  const base = ScoredDecision.parse(JSON.parse(golden))
  return (n: number) =>
    jsonRecord(accessScored, {
      ...base,
      decision: { ...base.decision, id: `d${n}`, subject: { type: 'user' as const, id: `user-${n % 97}` } },
    })
}

/** The partitions of which a process has stored something, as it tells. */
function partitionsOf(child: ChildProcess): ReadonlySet<string> {
  const partitions = new Set<string>()
  child.on('message', (told) => {
    if (Array.isArray(told)) for (const one of told) if (typeof one === 'string') partitions.add(one)
  })
  return partitions
}
