import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dashboards } from '../../dashboards/catalogue.ts'
import { accessFindings, accessScored } from '../../schemas/topics.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { noBrowser, openBrowser, type OpenBrowser } from '../support/browser.ts'
import { type ConsoleStack, startConsoleStack } from '../support/console-stack.ts'
import { eventually } from '../support/eventually.ts'
import { sampleFinding, sampleScored } from '../support/samples.ts'
import { openWatchedPage, type WatchedPage } from '../support/watched-page.ts'

const HOSTILE = `<img src=x onerror="window.hacked=1">`
const skip = noBrowser !== null && process.env['CI'] !== 'true'
const uids = dashboards().map(({ uid }) => uid ?? '')

let stack: ConsoleStack
let browser: OpenBrowser
let page: Page
let watched: WatchedPage

describe.skipIf(skip)(`dashboards in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  beforeAll(async () => {
    browser = await openBrowser({ viewport: { width: 1500, height: 950 } })
    stack = await startConsoleStack()
    await fill()
    const link = `${stack.url}#token=${encodeURIComponent(stack.token)}`
    const first = await browser.context.newPage()
    await first.goto(link)
    await first.getByRole('heading', { name: 'Live decisions' }).waitFor()
    await eventually('all is stored', async () => {
      const answer = await first.request.get(`${stack.url}api/v1/entities/subject/user%3Aalice/timeline`)
      return /f-alice/.test(await answer.text())
    })
    await first.close()
  })

  afterAll(async () => {
    await browser.close()
    await stack.stop()
  })

  beforeEach(async () => {
    watched = await openWatchedPage(browser)
    page = watched.page
    return () => watched.close()
  })

  it('lists them under /dashboards, with what each answers', async () => {
    await page.goto(`${stack.url}dashboards`)
    await page.getByRole('heading', { name: 'Dashboards' }).waitFor()
    await page.locator('.tiles li').first().waitFor()
    expect(await page.locator('.tiles li').count()).toBe(uids.length)
    await page.getByRole('link', { name: 'Source', exact: true }).click()
    await page.getByRole('heading', { name: 'Source', exact: true }).waitFor()
  })

  it.each(uids)('%s: every panel is drawn', async (uid) => {
    await page.goto(`${stack.url}#/dashboards/${uid}?var-subject=alice&var-source=192.0.2.10&var-session=s-1`)
    await drawn()
    const definition = dashboards().find((each) => each.uid === uid)
    const panels = (definition?.panels ?? []).filter(({ type }) => type !== 'row')
    expect(await page.locator('section.panel[data-state=ready]').count()).toBe(panels.length)
    const lines = panels.filter(({ type }) => type === 'timeseries').length
    const metrics = await page.getByText('console.prometheus_url').count()
    const empty = await page.locator('.panel-timeseries').getByText('Nothing in this time range').count()
    expect(await page.locator('.panel-timeseries canvas').count()).toBe(lines - metrics - empty)
    expect((await page.locator('.panel-timeseries canvas').count()) + metrics).toBeGreaterThan(0)
  })

  it('a name leads from a row to its forensics, with tenant and range', async () => {
    await page.goto(`${stack.url}#/dashboards/gatewatch-subject?var-subject=alice&from=now-1h`)
    await drawn()
    await page.getByRole('link', { name: '192.0.2.0/24' }).first().click()
    await page.getByRole('heading', { name: 'Source', exact: true }).waitFor()
    await drawn()
    expect(page.url()).toMatch(/var-source=192\.0\.2\.0%2F24&tenant=default&from=\d+&to=\d+$/)
    expect(await page.getByRole('region', { name: 'Accounts', exact: true }).textContent()).toContain('2')
  })

  it('a hostile name is text, and finds itself', async () => {
    await page.goto(`${stack.url}#/dashboards/gatewatch-resource`)
    await drawn()
    await page
      .getByRole('link', { name: `user:${HOSTILE}` })
      .first()
      .click()
    await drawn()
    expect(await page.getByLabel('Subject', { exact: true }).inputValue()).toBe(`user:${HOSTILE}`)
    expect(await page.getByRole('region', { name: 'Decisions', exact: true }).textContent()).toContain('1')
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(await page.locator('main img, main script').count()).toBe(0)
  })

  it('variables are chosen from what the store knows, several by a search, and kept in the address', async () => {
    await page.goto(`${stack.url}#/dashboards/gatewatch-overview`)
    await drawn()
    await page.getByText('All', { exact: true }).first().click()
    await page.getByRole('searchbox', { name: 'Search in Application' }).fill('PAY')
    await page.getByRole('checkbox', { name: 'payroll' }).check()
    await page.waitForURL(/var-app=payroll$/)
    await expectFigure('Decisions', '1')
    await page.getByRole('checkbox', { name: 'records' }).check()
    await page.waitForURL(/var-app=payroll&var-app=records$/)
    await expectFigure('Decisions', '12')
    await page.goBack()
    await expectFigure('Decisions', '1')
  })

  it('a query can only be one of a definition', async () => {
    const answer = await page.request.get(
      `${stack.url}api/v1/dashboards/gatewatch-overview/panels/1?from=0&to=1000`,
    )
    expect(answer.status()).toBe(404)
    const definition = await page.request.get(`${stack.url}api/v1/dashboards/gatewatch-overview`)
    expect(await definition.text()).not.toMatch(/SELECT|rawSql/)
    const { id } = (await definition.json()).panels[0]
    const inverted = await page.request.get(
      `${stack.url}api/v1/dashboards/gatewatch-overview/panels/${id}?from=9&to=1`,
    )
    expect(inverted.status()).toBe(400)
  })
})

async function drawn(): Promise<void> {
  await page.locator('section.panel[data-state=ready]').first().waitFor()
  await eventually('every panel has its answer', async () => {
    expect(await page.locator('section.panel[data-state=failed]').allTextContents()).toEqual([])
    return (await page.locator('section.panel[data-state=loading]').count()) === 0
  })
}

/** Waits until a panel shows this figure. */
async function expectFigure(panel: string, text: string): Promise<void> {
  await page.getByRole('region', { name: panel, exact: true }).getByText(text, { exact: true }).waitFor()
}

async function fill(): Promise<void> {
  const at = (agoMs: number) => new Date(Date.now() - agoMs).toISOString()
  const scored = Array.from({ length: 12 }, (_, i) =>
    sampleScored({
      id: `d-${i}`,
      decided_at: at(600_000 - i * 30_000),
      outcome: i % 4 === 0 ? 'deny' : 'permit',
      reasons: i % 4 === 0 ? ['policy_deny'] : ['policy_permit'],
      pep: { id: 'gw-1', boot_id: 'boot-1', seq: i },
      ...(i === 10 && { subject: { type: 'user', id: HOSTILE, session_id: 's-2' } }),
      ...(i === 11 && { resource: { type: 'http', id: '/salaries', app: 'payroll' } }),
    }),
  )
  await stack.runtime.eventLog.append(scored.map((each) => jsonRecord(accessScored, each)))
  await stack.runtime.eventLog.append([
    jsonRecord(accessFindings, sampleFinding({ id: 'f-alice', observed_at: at(300_000) })),
  ])
}
