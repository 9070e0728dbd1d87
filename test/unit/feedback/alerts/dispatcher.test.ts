import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { alertsOutbox } from '../../../../schemas/topics.ts'
import { startDispatcher } from '../../../../services/feedback/alerts/dispatcher.ts'
import { openOutbox } from '../../../../services/feedback/alerts/outbox.ts'
import type { Receiver } from '../../../../services/feedback/alerts/receiver.ts'
import { feedbackMetrics } from '../../../../services/feedback/metrics.ts'
import { openEmbeddedLog } from '../../../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../../../services/runtime/log/json-record.ts'
import { alert } from '../../../support/feedback/alert.ts'
import { eventually } from '../../../support/eventually.ts'

/** Two processes' worth of dispatchers on one log, of which one at a time has the ledger. */
async function two() {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-dispatcher-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const logger = pino({ level: 'silent' })
  const eventLog = await openEmbeddedLog({ directory, logger })
  onTestFinished(() => eventLog.close())
  const posts: string[] = []
  const leading = { now: '' }
  const start = async (name: string) => {
    const receiver: Receiver = {
      id: 'pager-1',
      name: 'pager',
      resend_ms: null,
      retryAfter: () => 1000,
      async deliver({ id, revision }) {
        posts.push(`${name}: ${id}-${revision}`)
        return { kind: 'delivered' }
      },
    }
    const outbox = await openOutbox(eventLog)
    onTestFinished(() => outbox.close())
    const dispatcher = startDispatcher({
      outbox,
      receivers: [receiver],
      logger,
      metrics: feedbackMetrics(new Registry()),
      now: Date.now,
      leads: () => leading.now === name,
    })
    onTestFinished(() => dispatcher.stop())
    return outbox
  }
  const outboxes = { first: await start('first'), second: await start('second') }
  const tell = (id: string) => eventLog.append([jsonRecord(alertsOutbox, alert({ id }))])
  const noted = (id: string, by: keyof typeof outboxes) =>
    eventually(`${id} is noted`, () => outboxes[by].delivery(alert({ id }), 'pager-1') !== undefined)
  return { posts, leading, tell, noted }
}

it('of two that take turns, who comes back tells nothing that the other told meanwhile', async () => {
  const { posts, leading, tell, noted } = await two()
  leading.now = 'first'
  await tell('a')
  await noted('a', 'first')
  leading.now = 'second'
  await tell('b')
  await noted('b', 'second')
  leading.now = 'first'
  await tell('c')
  await noted('c', 'first')
  leading.now = 'second'
  await tell('d')
  await noted('d', 'second')
  expect(posts).toEqual(['first: a-1', 'second: b-1', 'first: c-1', 'second: d-1'])
})
