import { createServer } from 'node:http'
import { once } from 'node:events'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { startRollUp } from '../../../services/storage/roll-up/start-roll-up.ts'

it('a stop waits for no day that is being rolled up, and counts it as neither done nor failed', async () => {
  const asked = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      const text = String(chunk)
      // The statement that rolls up is never answered.
      if (text.includes('INSERT')) asked.resolve(text)
      else response.end('{"tenant":"default","date":"2026-01-31","upTo":"2026-02-01 00:00:00.000","n":"1"}\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const client = createClient({
    url: `http://127.0.0.1:${address.port}`,
    log: { level: ClickHouseLogLevel.OFF },
  })
  const metrics = new Registry()
  const rollUp = startRollUp({ client, logger: pino({ level: 'silent' }), metrics, cluster: undefined })
  try {
    expect(await asked.promise).toContain('INSERT INTO')
    await rollUp.stop()
    expect(await metrics.metrics()).not.toMatch(/rolled_up_days_total\{/)
  } finally {
    await client.close()
    server.closeAllConnections()
    server.close()
  }
})
