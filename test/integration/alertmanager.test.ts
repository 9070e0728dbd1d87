import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type AlertmanagerProcess,
  hasAlertmanager,
  startAlertmanager,
} from '../support/feedback/alertmanager-process.ts'
import { eventually } from '../support/eventually.ts'
import { type FeedbackHouse, startHouse, temporaryDirectory } from '../support/feedback/feedback.ts'
import { finding, subject } from '../support/scoring/findings.ts'
import { type HttpCatcher, startCatcher } from '../support/feedback/http-catcher.ts'

interface Notified {
  status: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

describe.skipIf(!hasAlertmanager())('a real Alertmanager', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let pager: HttpCatcher
  let replicas: AlertmanagerProcess[]
  let house: FeedbackHouse

  beforeEach(async () => {
    directory = await temporaryDirectory()
    pager = await startCatcher()
    replicas = [await startAlertmanager(`${pager.url}/one`), await startAlertmanager(`${pager.url}/two`)]
    house = await startHouse(directory.path, {
      alerts: {
        console_url: 'https://gatewatch.example.com',
        alertmanager: { urls: replicas.map(({ url }) => url), resend: '300ms' },
      },
    })
  })
  afterEach(async () => {
    await house.stop()
    for (const replica of replicas) await replica.stop()
    await pager.close()
    await directory.remove()
  })

  /** What one replica told the person on call. */
  const told = (path: string): Notified[] =>
    pager.caught.filter((one) => one.path === path).flatMap(({ body }): Notified[] => JSON.parse(body).alerts)

  async function judge(verdict: string): Promise<void> {
    const answer = await fetch(`${house.url}/api/v1/stories?state=open`, { headers: house.analyst })
    const { stories } = await answer.json()
    await fetch(`${house.url}/api/v1/stories/${stories[0].id}/verdict`, {
      method: 'POST',
      headers: { ...house.analyst, 'content-type': 'application/json' },
      body: JSON.stringify({ verdict }),
    })
  }

  it('hears of a story once, on every replica, and of its end with all that was known', async () => {
    await house.find(finding({ at_ms: Date.now() }))
    for (const path of ['/one', '/two']) {
      const [first] = await eventually(`a page by ${path}`, () => {
        const alerts = told(path)
        return alerts.length > 0 ? alerts : null
      })
      expect(first).toMatchObject({
        status: 'firing',
        labels: {
          alertname: 'GatewatchStory',
          severity: 'critical',
          tenant: 'default',
          principal: 'subject/user:alice',
        },
        annotations: { summary: 'alice: alice was in two places at once', findings_total: '1' },
      })
    }
    // when the story goes on and is then judged
    await house.find(
      finding({ revision: 2, at_ms: Date.now(), summary: 'alice was in three places at once' }),
    )
    await judge('confirm_safe')
    for (const path of ['/one', '/two']) {
      const over = await eventually(`the end by ${path}`, () =>
        told(path).find(({ status }) => status === 'resolved'),
      )
      expect(over.annotations).toMatchObject({
        advice: 'Judged: confirm_safe.',
        detectors: 'impossible-travel',
      })
      const ids = new Set(told(path).map(({ labels }) => labels['alert_id']))
      expect(ids.size).toBe(1)
    }
  })

  it('a replica that forgot everything in a restart is told again', async () => {
    await house.find(finding({ at_ms: Date.now() }))
    await eventually('a page', () => told('/one').length > 0)
    const [first] = replicas
    if (!first) throw new Error('no replica')
    await first.stop()
    replicas[0] = await startAlertmanager(`${pager.url}/again`, first.port)
    const again = await eventually('the page again', () => told('/again')[0])
    expect(again).toMatchObject({ status: 'firing', labels: { principal: 'subject/user:alice' } })
  })

  it('an alert that was raised while it was down arrives when it is back', async () => {
    const [first] = replicas
    if (!first) throw new Error('no replica')
    await first.stop()
    await house.find(
      finding({ at_ms: Date.now() }),
      finding({ id: 'f-2', entity: subject('bob'), at_ms: Date.now() }),
    )
    await eventually('two pages by the other', () => told('/two').length >= 2)
    replicas[0] = await startAlertmanager(`${pager.url}/back`, first.port)
    const back = await eventually('two pages', () => {
      const principals = new Set(told('/back').map(({ labels }) => labels['principal']))
      return principals.size === 2 ? principals : null
    })
    expect(back).toEqual(new Set(['subject/user:alice', 'subject/user:bob']))
  })
})
