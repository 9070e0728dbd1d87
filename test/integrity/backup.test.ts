import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { lossOf } from '../../schemas/loss.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { prepareWhole, startWhole } from '../../services/cli/bench/whole.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { openTokens } from '../../services/runtime/tokens.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { verifyChain } from '../support/events/chain.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { expectFindingsOfReplay, expectStoredOnce } from '../support/whole/survivors.ts'
import { rowsOf } from '../support/store/temp-engine.ts'
import { askUntilGone, readJson } from '../support/whole/whole-load.ts'

it('a backup taken under load, and restored after everything was killed, goes on: nothing before it is lost, nothing is stored twice, what came after is a named gap', async () => {
  // given the whole under load, and a person who may look at stories
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-backup-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
  const whole = await prepareWhole(directory)
  const analyst = await (
    await openTokens(whole.dataDir)
  ).create({ name: 'alice-the-analyst', scopes: ['analyst'] })
  const keyFile = join(directory, 'backup.key')
  await writeFile(keyFile, 'a key that is kept elsewhere\n')
  const command = (...args: string[]) => runCliProcess(['--config', whole.config, ...args], {}, directory)
  const running = await whole.start()
  const asking = askUntilGone(running, whole.token, 1)
  await asking.more(300)

  // when a backup is taken, and some more is decided before everything is killed
  const before = [...asking.acknowledged]
  const to = join(directory, 'backup')
  const backup = command('backup', to, '--key-file', keyFile, '--json')
  expect({ code: await backup.exited(), said: backup.output() }).toMatchObject({ code: 0 })
  const during = asking.acknowledged.length - before.length
  await asking.more(50)
  await running.kill()
  const acknowledged = await asking.ended
  await rm(whole.dataDir, { recursive: true, maxRetries: 10, retryDelay: 200 })

  // and it is restored elsewhere, and goes on
  const dataDir = join(directory, 'elsewhere')
  const restore = command('--data-dir', dataDir, 'restore', to, '--key-file', keyFile, '--json')
  expect({ code: await restore.exited(), said: restore.output() }).toMatchObject({ code: 0 })
  const config = join(directory, 'elsewhere.yaml')
  await writeFile(
    config,
    JSON.stringify({ ...JSON.parse(await readFile(whole.config, 'utf8')), data_dir: dataDir }),
  )
  const restored = await startWhole(config)
  const later = askUntilGone(restored, whole.token, 2)
  await later.more(100)
  const acknowledgedLater = await later.stop()

  // then tokens of before are good: for asking, and for the console
  expect(acknowledgedLater.length).toBeGreaterThan(99)
  const stories = await fetch(new URL('/api/v1/stories', restored.console), {
    headers: { authorization: `Bearer ${analyst}` },
  })
  expect(stories.status).toBe(200)
  const eventLog = await openEmbeddedLog({ directory: join(dataDir, 'log') })
  await untilCaughtUp(eventLog)
  expect(await restored.stop()).toBe(0)

  // and what was acknowledged before the backup is there, once, in a chain that is whole
  const decisions = (await readJson(eventLog, accessDecisions)) as Decision[]
  const ids = new Set(decisions.map(({ id }) => id))
  expect(before.length).toBeGreaterThan(299)
  expect(during).toBeGreaterThan(0)
  expect(ids.size).toBe(decisions.length)
  expect([...before, ...acknowledgedLater].filter((id) => !ids.has(id))).toEqual([])
  expect(verifyChain(decisions)).toMatchObject({ boots: 2, problems: [] })

  // and the first link after it names what came after the backup, which is gone
  const lost = acknowledged.filter((id) => !ids.has(id))
  expect(lost.length).toBeGreaterThan(0)
  const { taken_at } = JSON.parse(backup.output())
  const firstLater = decisions.find(({ id }) => id === acknowledgedLater[0])
  const note = decisions.find(({ pep }) => pep?.boot_id === firstLater?.pep?.boot_id && pep?.seq === 0)
  expect(note && lossOf(note)).toMatchObject({ cause: 'restored', from: taken_at })
  expect(lost.some((id) => id.startsWith(`${note?.pep?.boot_id}-`))).toBe(false)

  // and findings are those of a replay, and every row is in the store once, roll-ups included
  await expectFindingsOfReplay(eventLog)
  await eventLog.close()
  await expectStoredOnce(dataDir, decisions.length, async (client) => {
    const days = 'SELECT DISTINCT toString(day) AS date FROM decision_days ORDER BY date'
    const told = 'SELECT DISTINCT toString(toDate(decided_at)) AS date FROM decisions ORDER BY date'
    expect(await rowsOf(client, days)).toEqual(await rowsOf(client, told))
  })
})
