import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { accessDecisions } from '../../schemas/topics.ts'
import { finishErasures } from '../../services/cli/erase/finish-erasures.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { cliRun } from '../support/whole/cli-run.ts'
import { contentsOf } from '../support/erasure/contents.ts'
import { configOf, makeWorld } from '../support/erasure/erasure-world.ts'
import { filesWith } from '../support/erasure/files-with.ts'
import { storeAgain } from '../support/erasure/store-again.ts'
import { ALICE, MARKERS, ofAlice, ofBobAlone } from '../support/erasure/two-people.ts'
import { eventually } from '../support/eventually.ts'

/** How often the command is killed, each time later; more of them: GATEWATCH_ERASURE_KILLS. */
const KILLS = Number(process.env['GATEWATCH_ERASURE_KILLS'] ?? 1)
const WITHIN_MS = 1_500

it('a person is erased from log, state and store, killed whenever; the chain is proven whole, nobody else loses a byte, and neither a late copy nor a restored backup brings the person back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-erasure-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }))
  const dataDir = join(directory, 'data')
  const gatewatch = (...args: string[]) => cliRun(['--data-dir', dataDir, ...args])

  // given two people's traces everywhere, and a backup of them
  await finishErasures(configOf(dataDir), dataDir, () => {})
  const { decisions } = await makeWorld(configOf(dataDir))
  const before = await contentsOf(configOf(dataDir))
  expect(before.report).toMatchObject({ verdict: 'proven', decisions: 120, erased: 0 })
  expect(ofAlice(before.lines).length).toBeGreaterThan(100)
  expect(ofAlice(before.rows).length).toBeGreaterThan(60)
  const [older, keyFile] = [join(directory, 'older'), join(directory, 'backup.key')]
  await writeFile(keyFile, 'a key that is kept elsewhere\n')
  expect(await gatewatch('backup', older, '--key-file', keyFile)).toMatchObject({ code: 0, err: '' })

  // when she is erased, and the command is killed again and again, and a start goes on with it
  for (let kill = 0; kill < KILLS; kill++) {
    const killed = runCliProcess(['--data-dir', dataDir, 'erase', ALICE.id, '--yes'], {}, directory)
    await eventually(
      'an erasure begun',
      async () => (await pending(dataDir)).length > 0 || killed.child.exitCode !== null,
    )
    await pause((WITHIN_MS / KILLS) * (kill + 0.5))
    await killed.stop('SIGKILL')
  }
  const said: string[] = []
  await finishErasures(configOf(dataDir), dataDir, (text) => said.push(text))

  // then no file holds what leads to her, and no record or row does
  expect(await pending(dataDir)).toEqual([])
  expect(await filesWith(dataDir, MARKERS)).toEqual([])
  const after = await contentsOf(configOf(dataDir), true)
  expect(ofAlice(after.lines)).toEqual([])
  expect(ofAlice(after.rows)).toEqual([])
  // and every decision is proven, hers among them
  expect(after.report).toMatchObject({ verdict: 'proven', decisions: 120, proven: 120, erased: 60 })
  // and what is another's is what it was, to the byte and in its place
  expect(ofBobAlone(after.lines)).toEqual(ofBobAlone(before.lines))
  expect(ofBobAlone(after.rows)).toEqual(ofBobAlone(before.rows))
  // and what is about both keeps him
  expect(after.rows.filter((row) => row.includes('Spray on erased and alice-q7x.smith'))).toHaveLength(1)
  expect(after.rows.filter((row) => row.includes('Tried erased, alice-q7x.smith.'))).toHaveLength(1)
  expect(said.every((text) => !text.includes(ALICE.id))).toBe(true)

  // and whoever alters an erased decision is found
  expect(after.altered).toMatchObject({ verdict: 'refuted' })

  // and a copy of hers that comes late is scored and stored erased
  const late = decisions.find(({ subject }) => subject.id === ALICE.id)
  if (late === undefined) throw new Error('she decided nothing')
  const again = await storeAgain(configOf(dataDir), [jsonRecord(accessDecisions, late)])
  expect(ofAlice(again)).toEqual([])

  // and a second erasure takes that copy away, and changes nothing else
  expect(await gatewatch('erase', ALICE.id, '--yes')).toMatchObject({ code: 0, err: '' })
  expect(await filesWith(dataDir, MARKERS)).toEqual([])

  // and a restored backup from before has her no more once it can be opened: she is erased from what was written beside the log
  const restored = join(directory, 'restored')
  const erasures = join(dataDir, 'erasures', 'erasures.jsonl')
  const flags = ['--key-file', keyFile, '--erasures', erasures, '--json']
  const restore = await cliRun(['--data-dir', restored, 'restore', older, ...flags])
  expect(restore).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(restore.out)).toMatchObject({ result: 'restored', erased_again: 1 })
  expect(await filesWith(restored, MARKERS)).toEqual([])
  const back = await contentsOf(configOf(restored))
  expect([...ofAlice(back.lines), ...ofAlice(back.rows)]).toEqual([])
  expect(back.report).toMatchObject({ verdict: 'proven', decisions: 120, erased: 60 })
})

async function pending(dataDir: string): Promise<string[]> {
  try {
    return (await readdir(join(dataDir, 'erasures', 'pending'))).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}
