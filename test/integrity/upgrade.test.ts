import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { parseDecision, type Decision } from '../../schemas/decision.ts'
import { RiskState } from '../../schemas/risk.ts'
import { accessDecisions, accessScored, parsedTopics, deadLetterOf, riskState } from '../../schemas/topics.ts'
import { POLICY } from '../../services/cli/bench/whole.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { startEngine } from '../../services/runtime/clickhouse/start-engine.ts'
import { readRecord } from '../../services/runtime/log/json-record.ts'
import { openTokens } from '../../services/runtime/tokens.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { logDrivers } from '../support/log/log-drivers.ts'
import { chainProblems } from '../support/store/stored-decisions.ts'
import { rowsOf } from '../support/store/temp-engine.ts'
import {
  makeNextVersion,
  startRole,
  THIS_VERSION,
  type UpgradeRole,
  type VersionedProcess,
} from '../support/whole/upgrade.ts'
import { askUntilGone, readJson, type Asking } from '../support/whole/whole-load.ts'

const ROLES = ['workers', 'gateway'] as const
const FIELD = 'a_field_of_a_later_version'

it.each(logDrivers().filter(({ skip }) => !skip))(
  'on the $name log: a version, the next one beside it, the next alone, and back again, under load: nothing is lost, doubled or put aside, and what is new is kept',
  async ({ open }) => {
    // given the code of this version and of the next, on one log and one store
    const directory = await mkdtemp(join(tmpdir(), 'gatewatch-upgrade-'))
    const next = await makeNextVersion(directory)
    const driver = await open()
    const log = { ...driver.child, module: basename(driver.child.module) }
    const policy = join(directory, 'policy.yaml')
    await writeFile(policy, POLICY)
    const engineDir = join(directory, 'store')
    await mkdir(engineDir)
    const engine = await startEngine({ dataDir: engineDir, logger: pino({ level: 'silent' }) })
    const eventLog = await driver.open()
    const client = openClickHouse(engine.endpoint)
    const processes: VersionedProcess[] = []
    onTestFinished(async () => {
      for (const { child } of processes) child.kill('SIGKILL')
      await client.close()
      await eventLog.close()
      await engine.stop()
      await driver.close()
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    })
    const acknowledged: string[] = []
    await mkdir(join(directory, 'ledger'))
    let rounds = 0

    const run = async (
      root: string,
      name: UpgradeRole['name'],
      pep_id: string,
    ): Promise<VersionedProcess> => {
      const dataDir = join(directory, pep_id)
      const started = await startRole(root, {
        name,
        log,
        dataDir,
        endpoint: engine.endpoint,
        policy,
        pep_id,
      })
      processes.push(started)
      return started
    }

    /** The roles of a version that may work beside others of their kind, and a load on its gateway. */
    async function start(root: string, pep_id: string): Promise<{ load: Asking; stop(): Promise<void> }> {
      const dataDir = join(directory, pep_id)
      await mkdir(dataDir, { recursive: true })
      const token = await (await openTokens(dataDir)).create({ name: 'load', scopes: ['decision-point'] })
      const started = await Promise.all(ROLES.map((name) => run(root, name, pep_id)))
      const address = started.find((role) => role.address !== '')?.address ?? ''
      const asking: Asking = askUntilGone({ evaluation: new URL(address) }, token, (rounds += 1))
      return {
        load: asking,
        async stop() {
          expect(await Promise.all(started.toReversed().map((role) => role.stop()))).toEqual([0, 0])
          acknowledged.push(...(await asking.ended))
        },
      }
    }

    /** There is one ledger at a time: the next one begins where the last one ended. */
    let ledger: VersionedProcess | null = null
    async function handLedgerTo(root: string | null): Promise<void> {
      const ended = ledger === null ? 0 : await ledger.stop()
      expect(ended).toBe(0)
      ledger = root === null ? null : await run(root, 'feedback', 'ledger')
    }

    // when the next version comes, works beside this one, alone, beside it again, and goes
    await handLedgerTo(THIS_VERSION)
    const before = await start(THIS_VERSION, 'gateway-a')
    await before.load.more(60)
    const upgraded = await start(next, 'gateway-b')
    await Promise.all([before.load.more(60), upgraded.load.more(60)])
    await handLedgerTo(next)
    await before.stop()
    await upgraded.load.more(60)
    const after = await start(THIS_VERSION, 'gateway-a')
    await Promise.all([after.load.more(60), upgraded.load.more(60)])
    await handLedgerTo(THIS_VERSION)
    await upgraded.stop()
    await after.load.more(60)
    await after.load.stop()
    await untilCaughtUp(eventLog)
    await after.stop()
    await handLedgerTo(null)

    // then every decision that was acknowledged is logged, scored and stored, once each
    const logged = (await readJson(eventLog, accessDecisions)) as Decision[]
    const ids = logged.map(({ id }) => id)
    const unique = new Set(ids)
    expect(acknowledged.length).toBeGreaterThan(200)
    expect(unique.size).toBe(ids.length)
    expect(acknowledged.filter((id) => !unique.has(id))).toEqual([])
    const scored = (await readJson(eventLog, accessScored)) as { decision: Decision }[]
    expect(scored.map(({ decision }) => decision.id).sort()).toEqual(ids.sort())

    // and nobody put anything aside
    for (const topic of parsedTopics.map(deadLetterOf)) expect(await readJson(eventLog, topic)).toEqual([])

    // and this version reads every decision of the next one, keeps what is new, and finds the chains whole
    const read = logged.map((value) => parseDecision(value).data).filter((value) => value !== undefined)
    const byNext = read.filter(({ pep }) => pep?.id === 'gateway-b')
    expect(read).toHaveLength(logged.length)
    expect(byNext.length).toBeGreaterThan(50)
    for (const { unmapped } of byNext)
      expect(unmapped?.['later']).toMatchObject({ [`/${FIELD}`]: { written_by: 'the next version' } })
    expect(chainProblems(read)).toEqual([])

    // and the next version, which knows all columns, reads from the store what both have stored, once each
    const [checked] = await once(
      fork(join(next, 'test/support/store/stored-decisions.ts'), [JSON.stringify(engine.endpoint)]),
      'message',
    )
    expect(checked).toEqual({ decisions: ids.length, problems: [] })
    const [kept] = await rowsOf<{ here: string; there: string }>(
      client,
      `SELECT countIf(unmapped LIKE '%next version%') AS here, countIf(${FIELD} LIKE '%next version%') AS there FROM decisions`,
    )
    expect(Number(kept?.here)).toBeGreaterThan(0)
    expect(Number(kept?.there)).toBeGreaterThan(0)
    expect(Number(kept?.here) + Number(kept?.there)).toBe(byNext.length)

    // and it understands what the next version said of risk, and both found the probing
    const table = await eventLog.openTable(riskState)
    await table.caughtUp()
    const states = [...table.entries()].map(([, value]) => readRecord(RiskState, { value }))
    await table.close()
    expect(states.length).toBeGreaterThan(0)
    expect(states).not.toContain(undefined)
  },
  300_000,
)
