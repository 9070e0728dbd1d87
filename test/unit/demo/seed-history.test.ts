import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import { openDemoChain } from '../../../services/demo/chain/chain.ts'
import { seedHistory } from '../../../services/demo/history/seed-history.ts'
import { CheckpointsConfig } from '../../../services/runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../../../services/runtime/checkpoints/signer.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { verifyChain } from '../../support/events/chain.ts'

function* past(brokenOffAfter = Number.POSITIVE_INFINITY): Generator<Decision> {
  for (let n = 0; n < 2500; n += 1) {
    if (n === brokenOffAfter) throw new Error('killed')
    yield {
      schema_version: 1,
      id: `history-${n}`,
      decided_at: new Date(Date.UTC(2026, 2, 2) + n * 60_000).toISOString(),
      outcome: 'permit',
      tenant: 'default',
      origin: 'import',
      subject: { type: 'user', id: `user-${n % 7}` },
      action: { name: 'read' },
      resource: { type: 'http', id: '/' },
    }
  }
}

it('goes on with a history that was broken off: each decision once, day by day as it is scored, in one chain over two boots', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewatch-seed-'))
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'log'), partitions: 2 })
  onTestFinished(async () => {
    await eventLog.close()
    await rm(folder, { recursive: true, force: true })
  })
  const signer = await openCheckpointSigner(folder, CheckpointsConfig.parse({}), Date.now())
  const pep = { id: 'demo-history', kind: 'demo' }
  /** How many decisions were there to be scored, each time it was waited for. */
  const waited: number[] = []
  const begun: string[] = []
  const inLog = async () =>
    (await eventLog.watermarks(accessDecisions)).reduce((sum, { low, high }) => sum + high - low, 0)
  const seed = (decisions: Iterable<Decision>) =>
    seedHistory(
      folder,
      eventLog,
      () => openDemoChain({ eventLog, signer, tenant: 'default', pep, now: Date.now }),
      decisions,
      { begins: (day) => void begun.push(day), scored: async () => void waited.push(await inLog()) },
    )

  await expect(seed(past(2200))).rejects.toThrow('killed')
  expect(await seed(past())).toBe(1060)
  expect(await seed(past())).toBe(0)
  // The end of the first day, and of all.
  expect(waited).toEqual([1440, 2500])
  expect(begun).toEqual(['2026-03-02', '2026-03-03', '2026-03-03'])

  const recorded: Decision[] = []
  for (const { partition } of await eventLog.watermarks(accessDecisions))
    for await (const records of eventLog.read(accessDecisions, { partition }))
      for (const { value } of records)
        recorded.push(Decision.parse(JSON.parse(Buffer.from(value ?? []).toString())))
  expect(new Set(recorded.map(({ id }) => id)).size).toBe(recorded.length)
  expect(verifyChain(recorded)).toEqual({ boots: 2, links: 2500, problems: [] })
})
