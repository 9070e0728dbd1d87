import { createServer } from 'node:net'
import { once } from 'node:events'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { GatewatchError } from '../../../../services/runtime/errors.ts'
import { startAdmin } from '../../../../services/runtime/http/admin.ts'
import type { ReadyCheck } from '../../../../services/runtime/http/admin.ts'
import { listen } from '../../../../services/runtime/http/listen.ts'
import { buildServer } from '../../../../services/runtime/http/server.ts'

const logger = pino({ level: 'silent' })

describe('buildServer', () => {
  it('tells a fault by its code, and nothing of what was unexpected', async () => {
    const app = buildServer({ logger })
    app.get('/known', async () => {
      throw new GatewatchError('ERR_STORE_UNREACHABLE', 'The store does not answer; start it.')
    })
    app.get('/unknown', async () => {
      throw new Error('password is hunter2')
    })
    expect((await app.inject('/known')).json()).toEqual({
      code: 'ERR_STORE_UNREACHABLE',
      message: 'The store does not answer; start it.',
    })
    const unknown = await app.inject('/unknown')
    expect(unknown.statusCode).toBe(500)
    expect(unknown.body).not.toContain('hunter2')
    expect((await app.inject('/nowhere')).statusCode).toBe(404)
    await app.close()
  })

  it('refuses a body above its limit', async () => {
    const app = buildServer({ logger, body_limit: 100 })
    app.post('/', async () => 'taken')
    const response = await app.inject({ method: 'POST', url: '/', payload: { text: 'x'.repeat(200) } })
    expect(response.statusCode).toBe(413)
    await app.close()
  })
})

describe('listen', () => {
  it('says in one sentence which port is taken, and which setting changes it', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const app = buildServer({ logger })
    await expect(
      listen(app, { host: '127.0.0.1', port, setting: 'gateway.listen.port' }),
    ).rejects.toMatchObject({
      code: 'ERR_PORT_TAKEN',
      message: `Port ${port} on 127.0.0.1 is taken by another program; stop that one, or set gateway.listen.port (GATEWATCH_GATEWAY__LISTEN__PORT) to a free port.`,
    })
    other.close()
    await app.close()
  })
})

describe('startAdmin', () => {
  it('is live at once, and ready when every part is', async () => {
    const checks = new Map<string, ReadyCheck>([['store', () => 'the store does not answer']])
    const admin = await startAdmin({ host: '127.0.0.1', port: 0, logger, metrics: new Registry(), checks })
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${admin.port}${path}`)
      return [response.status, await response.text()]
    }
    expect(await ask('/health/live')).toEqual([200, '{"status":"pass"}'])
    expect(await ask('/health/ready')).toEqual([
      503,
      '{"status":"fail","failing":{"store":"the store does not answer"}}',
    ])
    checks.set('store', () => null)
    expect((await ask('/health/ready'))[0]).toBe(200)
    expect((await ask('/metrics'))[0]).toBe(200)
    await admin.stop()
  })
})
