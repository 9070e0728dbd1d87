import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { GENESIS } from '../../../../schemas/chain.ts'
import { startCheckpointer } from '../../../../services/runtime/checkpoints/checkpointer.ts'
import { CheckpointsConfig } from '../../../../services/runtime/checkpoints/config.ts'
import { readCheckpoints } from '../../../../services/runtime/checkpoints/read-checkpoints.ts'
import { openCheckpointSigner } from '../../../../services/runtime/checkpoints/signer.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import { CheckpointBook } from '../../../../services/verify/checkpoints/book.ts'

it('goes on with a boot that was killed before it recorded anything, so that nothing of it seems to be forged', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewatch-checkpointer-'))
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'log'), partitions: 1 })
  onTestFinished(async () => {
    await eventLog.close()
    await rm(folder, { recursive: true, force: true })
  })
  const begin = async (boot_id: string) =>
    startCheckpointer({
      eventLog,
      logger: pino({ level: 'silent' }),
      signer: await openCheckpointSigner(folder, CheckpointsConfig.parse({}), Date.now()),
      tenant: 'default',
      pep_id: 'import:1',
      boot_id,
      previous_boot: boot_id === 'b1' ? null : { boot_id: 'b1', seq: 0, hash: 'a'.repeat(64) },
      now: Date.now,
    })
  const link = { seq: 0, hash: 'a'.repeat(64), decided_at: new Date().toISOString() }

  // given a first import that began twice, since it was killed, and a second one that did too
  await begin('b1')
  const first = await begin('b1')
  first.logged([link])
  await first.stop(true)
  await begin('b2')
  const second = await begin('b2')
  second.logged([{ ...link, hash: 'b'.repeat(64) }])
  await second.stop(true)

  const book = new CheckpointBook(new Date(0).toISOString())
  const stretches = []
  for await (const one of readCheckpoints(eventLog, [join(folder, 'checkpoints')], new Map()))
    stretches.push(...book.take(one))
  expect(book.problems).toEqual([])
  expect(stretches.map(({ boot_id, seq_to, prev_hash }) => [boot_id, seq_to, prev_hash])).toEqual([
    ['b1', 0, GENESIS],
    ['b2', 0, link.hash],
  ])
  expect([book.boot('import:1', 'b1'), book.boot('import:1', 'b2')]).toEqual([
    { covered_from: 0, covered_to: 0, ended_at: 0 },
    { covered_from: 0, covered_to: 0, ended_at: 0 },
  ])
})
