import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { Alert } from '../../../schemas/alert.ts'
import { alertsOutbox, scoringState } from '../../../schemas/topics.ts'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { readRecord } from '../../../services/runtime/log/json-record.ts'
import { ScoringConfig } from '../../../services/scoring/config.ts'
import { startScoring } from '../../../services/scoring/main.ts'
import { eventually } from '../../support/eventually.ts'

it('a partition whose state is of a newer version wakes a person once, over restarts too, and is told over when it is restored', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-state-'))
  const eventLog = await openEmbeddedLog({ directory, partitions: 2 })
  const outbox = await eventLog.openTable(alertsOutbox)
  onTestFinished(async () => {
    await eventLog.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  })
  const written: Alert[] = []
  outbox.follow((_, value) => {
    const alert = readRecord(Alert, { value: value ?? null })
    if (alert !== undefined) written.push(alert)
  })
  const states = () => written.map(({ id, state, revision }) => `${id} ${state} ${revision}`)
  const run = () =>
    startScoring(
      { eventLog, logger: pino({ level: 'silent' }), metrics: new Registry(), dataDir: directory },
      ScoringConfig.parse({}),
      { tenant: 'acme' },
    )
  const key = 'subject/acme/subject/user:alice'
  const newer = new Uint8Array(64).fill(255)
  await eventLog.append([{ topic: scoringState, key, value: newer, partition: 1 }])

  const first = await run()
  await eventually('a person is told', () => written.length > 0)
  await first.stop()
  const second = await run()
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(states()).toEqual(['alert-state-subject-1 firing 1'])
  expect(written[0]).toMatchObject({ tenant: 'acme', kind: 'state', severity: 'critical' })

  // when the state is put right, the partition's next try ends the alert
  await eventLog.append([{ topic: scoringState, key, value: null, partition: 1 }])
  await eventually('it is over', () => written.length > 1, 30_000)
  expect(states()).toEqual(['alert-state-subject-1 firing 1', 'alert-state-subject-1 resolved 2'])
  await second.stop()
})
