import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { webhook, webhookBody } from '../../../../services/feedback/alerts/webhook.ts'
import { alert } from '../../../support/feedback/alert.ts'
import { type HttpCatcher, startCatcher } from '../../../support/feedback/http-catcher.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const OLD_SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`

let catcher: HttpCatcher
beforeEach(async () => {
  catcher = await startCatcher()
})
afterEach(() => catcher.close())

function receiver(changes: { secrets?: string[]; url?: string; timeout_ms?: number } = {}) {
  return webhook({
    name: 'pager',
    url: `${catcher.url}/hook`,
    secrets: [SECRET],
    timeout_ms: 2000,
    console_url: 'https://gatewatch.example.com',
    random: () => 0,
    now: Date.now,
    ...changes,
  })
}

/** The headers of the last request, as the library takes them. */
function lastHeaders(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(catcher.caught.at(-1)?.headers ?? {}).map(([k, v]) => [k, String(v)]),
  )
}

describe('webhook', () => {
  it('is signed so that the library of Standard Webhooks accepts it, and nobody else’s secret does', async () => {
    expect(await receiver().deliver(alert(), true, Date.now())).toEqual({ kind: 'delivered' })
    const body = catcher.caught[0]?.body ?? ''
    expect(new Webhook(SECRET).verify(body, lastHeaders())).toMatchObject({
      type: 'story.opened',
      data: { id: 'alert-s-1', url: 'https://gatewatch.example.com/#/stories/s-1?tenant=default' },
    })
    expect(() => new Webhook(OLD_SECRET).verify(body, lastHeaders())).toThrow('No matching signature')
    expect(() => new Webhook(SECRET).verify(`${body} `, lastHeaders())).toThrow('No matching signature')
  })

  it('is signed with both secrets while one is being changed', async () => {
    await receiver({ secrets: [SECRET, OLD_SECRET] }).deliver(alert(), true, Date.now())
    const body = catcher.caught[0]?.body ?? ''
    for (const secret of [SECRET, OLD_SECRET])
      expect(new Webhook(secret).verify(body, lastHeaders())).toMatchObject({ type: 'story.opened' })
  })

  it('has the same id and body at every attempt, another one for a later revision', async () => {
    const to = receiver()
    await to.deliver(alert(), true, Date.now())
    await to.deliver(alert(), true, Date.now() + 60_000)
    await to.deliver(alert({ revision: 2, state: 'resolved' }), false, Date.now())
    const ids = catcher.caught.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(['alert-s-1-1', 'alert-s-1-1', 'alert-s-1-2'])
    expect(catcher.caught[0]?.body).toBe(catcher.caught[1]?.body)
  })

  it.each([
    { status: 204, result: { kind: 'delivered' } },
    { status: 410, result: { kind: 'gone' } },
    { status: 400, result: { kind: 'retry', after_ms: null } },
    { status: 500, result: { kind: 'retry', after_ms: null } },
    { status: 429, headers: { 'retry-after': '30' }, result: { kind: 'retry', after_ms: 30_000 } },
    { status: 503, headers: { 'retry-after': '999999999' }, result: { kind: 'retry', after_ms: 86_400_000 } },
  ])('status $status: $result.kind', async ({ result, ...answer }) => {
    catcher.answers.push(answer)
    expect(await receiver().deliver(alert(), true, Date.now())).toMatchObject(result)
  })

  it('does not follow a redirect', async () => {
    const other = await startCatcher()
    catcher.answers.push({ status: 307, headers: { location: `${other.url}/elsewhere` } })
    expect(await receiver().deliver(alert(), true, Date.now())).toMatchObject({
      kind: 'retry',
      detail: 'status 307',
    })
    expect(other.caught).toEqual([])
    await other.close()
  })

  it('nobody there, or nobody who answers in time, is tried again', async () => {
    const closed = await startCatcher()
    await closed.close()
    expect(await receiver({ url: closed.url }).deliver(alert(), true, Date.now())).toEqual({
      kind: 'retry',
      detail: 'ECONNREFUSED',
      after_ms: null,
    })
  })

  it.each(['', 'whsec_', 'secret', `whsec_${Buffer.alloc(8).toString('base64')}`, 'whsec_not base64'])(
    'refuses the secret %j at the start',
    (secret) => {
      expect(() => receiver({ secrets: [secret] })).toThrow(/webhook pager/)
    },
  )

  it('stays under 20 kB with everything at its longest', () => {
    const body = webhookBody(
      alert({
        summary: 'é'.repeat(512),
        description: 'é'.repeat(2000),
        advice: 'é'.repeat(512),
        detectors: Array.from({ length: 16 }, () => 'd'.repeat(64)),
      }),
      'https://gatewatch.example.com',
    )
    expect(Buffer.byteLength(body)).toBeLessThan(20_000)
  })

  it('tries again at growing intervals for days, then gives up', () => {
    const to = receiver()
    const pauses = Array.from({ length: 12 }, (_, i) => to.retryAfter(i + 1))
    expect(pauses.slice(0, 3)).toEqual([5000, 300_000, 1_800_000])
    expect(pauses.slice(9)).toEqual([null, null, null])
  })
})
