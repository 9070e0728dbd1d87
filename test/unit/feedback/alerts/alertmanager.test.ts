import { describe, expect, it } from 'vitest'
import { alertmanager, alertmanagerAlert } from '../../../../services/feedback/alerts/alertmanager.ts'
import { alertmanagerRetry } from '../../../../services/feedback/alerts/retry.ts'
import { alert } from '../../../support/feedback/alert.ts'
import { MORNING_MS } from '../../../support/scoring/findings.ts'
import { startCatcher } from '../../../support/feedback/http-catcher.ts'

describe('alert for Alertmanager', () => {
  it('has the same labels whatever happens in the story, but for the severity', () => {
    const first = alertmanagerAlert(alert(), MORNING_MS, undefined)
    const later = alertmanagerAlert(
      alert({
        revision: 5,
        summary: 'x',
        findings_total: 9,
        response: 'revoke',
        causes: ['rate'],
        state: 'resolved',
      }),
      MORNING_MS + 1000,
      undefined,
    )
    expect(later.labels).toEqual(first.labels)
    expect(first.labels).toEqual({
      alertname: 'GatewatchStory',
      service: 'gatewatch',
      tenant: 'default',
      severity: 'critical',
      alert_id: 'alert-s-1',
      principal: 'subject/user:alice',
    })
  })

  it('never ends before it starts, though clocks differ', () => {
    const { startsAt, endsAt } = alertmanagerAlert(alert(), MORNING_MS - 5000, undefined)
    expect(Date.parse(endsAt)).toBeGreaterThanOrEqual(Date.parse(startsAt))
  })

  it('gives characters that mean something elsewhere no meaning', () => {
    const { annotations } = alertmanagerAlert(
      alert({ summary: 'user <!channel> <https://evil.example|click>\u001b[31m\n failed' }),
      MORNING_MS,
      undefined,
    )
    expect(annotations['summary']).toBe('user ‹!channel› ‹https://evil.example|click› [31m  failed')
  })

  it('resolves the alert under the lower severity when it rises', async () => {
    const catcher = await startCatcher()
    const to = alertmanager({
      url: `${catcher.url}/`,
      resend_ms: 60_000,
      hold_ms: 900_000,
      timeout_ms: 1000,
      console_url: undefined,
      lowest: 'warning',
      random: Math.random,
    })
    const nowMs = MORNING_MS + 60_000
    await to.deliver(alert({ severity: 'warning', risk_level: 'MEDIUM' }), true, nowMs)
    await to.deliver(alert({ revision: 2 }), false, nowMs)
    const posts = catcher.caught.map(({ path, body }) => [path, JSON.parse(body)[0]])
    expect(
      posts.map(([path, posted]) => [path, posted.labels.severity, Date.parse(posted.endsAt) > nowMs]),
    ).toEqual([
      ['/api/v2/alerts', 'warning', true],
      ['/api/v2/alerts', 'warning', false],
      ['/api/v2/alerts', 'critical', true],
    ])
    await catcher.close()
  })

  it('tries again within a minute, always', () => {
    for (const failures of [1, 5, 50, 2000]) {
      const pause = alertmanagerRetry(failures, () => 1)
      expect(pause).toBeGreaterThanOrEqual(1000)
      expect(pause).toBeLessThanOrEqual(72_000)
    }
  })
})
