import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dashboards } from '../../dashboards/catalogue.ts'
import { accessScored } from '../../schemas/topics.ts'
import { openClickHouse } from '../../services/runtime/clickhouse/client.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { boardDrawn, panelsWithoutData } from '../support/console/boards-drawn.ts'
import { noBrowser, openBrowser, type OpenBrowser } from '../support/console/browser.ts'
import { type ConsoleStack, startConsoleStack } from '../support/console/console-stack.ts'
import { storeMany } from '../support/dashboards/fill-store.ts'
import { pastMetrics } from '../support/dashboards/past-metrics.ts'
import { eventually } from '../support/eventually.ts'
import { hasPrometheus, type PrometheusProcess, startPrometheus } from '../support/prometheus-process.ts'
import { sampleScored } from '../support/events/samples.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { openWatchedPage, type WatchedPage } from '../support/console/watched-page.ts'

const HOSTILE = `<img src=x onerror="window.hacked=1">`
const skip = noBrowser !== null && process.env['CI'] !== 'true'
const uids = dashboards().map(({ uid }) => uid ?? '')

const BEYOND_THE_EDGE = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

const withMetrics = hasPrometheus()
const DAY_MS = 86_400_000

let prometheus: PrometheusProcess | null = null
let stack: ConsoleStack
let browser: OpenBrowser
let page: Page
let watched: WatchedPage

describe.skipIf(skip)(`dashboards in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  beforeAll(async () => {
    browser = await openBrowser({ viewport: { width: 1500, height: 950 } })
    if (withMetrics) prometheus = await startPrometheus({}, { groups: [] }, pastMetrics(Date.now()))
    stack = await startConsoleStack(prometheus === null ? {} : { prometheus_url: prometheus.url })
    await fill()
    const first = await browser.context.newPage()
    await first.goto(`${stack.url}#token=${encodeURIComponent(stack.token)}`)
    await first.getByRole('heading', { name: 'Live decisions' }).waitFor()
    await eventually('all is stored', async () => {
      const answer = await first.request.get(`${stack.url}api/v1/decisions?subject=bob`)
      return /e-payroll/.test(await answer.text())
    })
    await first.close()
  })

  afterAll(async () => {
    await browser.close()
    await stack.stop()
    await prometheus?.stop()
  })

  beforeEach(async () => {
    watched = await openWatchedPage(browser)
    page = watched.page
    return () => watched.close()
  })

  it('lists them under /dashboards, with what each answers', async () => {
    await page.goto(`${stack.url}dashboards`)
    await page.getByRole('heading', { name: 'Dashboards' }).waitFor()
    await eventually('every one', async () => (await page.locator('.tiles li').count()) === uids.length)
    await page.getByRole('link', { name: 'Source', exact: true }).click()
    await page.getByRole('heading', { name: 'Source', exact: true }).waitFor()
    expect(page.url()).toMatch(/#\/dashboards\/gatewatch-source$/)
  })

  it.each(uids)('%s: every panel shows data, and nothing is wider than a phone', async (uid) => {
    await open(`${uid}?var-subject=alice&var-source=192.0.2.10&var-session=s-1`)
    const definition = dashboards().find((each) => each.uid === uid)
    const panels = (definition?.panels ?? []).filter(({ type }) => type !== 'row')
    expect(await page.locator('section.panel[data-state=ready]').count()).toBe(panels.length)
    expect(await panelsWithoutData(page)).toEqual([])
    const unasked = await page.locator('section.panel').filter({ hasText: 'console.prometheus_url' }).count()
    expect(withMetrics && unasked > 0).toBe(false)
    const lines = panels.filter(({ type }) => type === 'timeseries').length
    expect(await page.locator('.panel-timeseries .plot[role=img] canvas').count()).toBe(lines - unasked)
    expect(lines - unasked).toBeGreaterThan(0)
    await page.setViewportSize({ width: 400, height: 800 })
    await eventually('it fits', async () => (await page.evaluate<number>(BEYOND_THE_EDGE)) <= 0)
  })

  it('a name leads from a row or a line to its forensics, with tenant and range', async () => {
    await open('gatewatch-session?var-session=s-1&from=now-1h')
    await page.getByRole('link', { name: '192.0.2.0/24' }).first().click()
    await page.getByRole('heading', { name: 'Source', exact: true }).waitFor()
    expect(page.url()).toMatch(/var-source=192\.0\.2\.0%2F24&tenant=default&from=\d+&to=\d+$/)
    await expectFigure('Accounts', '3')
    await page.goBack()
    await page.getByRole('link', { name: 'Look closer at this application: records' }).click()
    await page.waitForURL(/gatewatch-resource\?var-app=records&tenant=default&from=\d+&to=\d+$/)
  })

  it('a hostile name is text, and finds itself', async () => {
    await open('gatewatch-resource')
    await page
      .getByRole('link', { name: `user:${HOSTILE}` })
      .first()
      .click()
    await expectFigure('Decisions', '1')
    expect(await page.getByLabel('Subject', { exact: true }).inputValue()).toBe(`user:${HOSTILE}`)
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(await page.locator('main img, main script').count()).toBe(0)
  })

  it('values are chosen from what the store knows, several by a search, and kept in the address', async () => {
    await open('gatewatch-overview')
    await page.locator('#label-var-app', { hasText: 'Application' }).waitFor()
    await page.locator('summary', { hasText: 'All' }).click()
    await page.getByRole('searchbox', { name: 'Search in Application' }).fill('PAY')
    await page.getByRole('checkbox', { name: 'payroll' }).check()
    await page.waitForURL(/var-app=payroll$/)
    await expectFigure('Decisions', '1')
    await page.getByRole('checkbox', { name: `it's 🙂` }).check()
    await page.waitForURL(/var-app=payroll&var-app=it/)
    await expectFigure('Decisions', '2')
    await page.goBack()
    await expectFigure('Decisions', '1')
    expect(page.url()).toMatch(/var-app=payroll$/)
  })

  it('a filter on any column holds for every panel that reads decisions, until it is removed', async () => {
    await open('gatewatch-session')
    await page.getByLabel('Session', { exact: true }).focus()
    await page.locator('datalist option[value="s-1"]').waitFor({ state: 'attached' })
    await page.getByLabel('Session', { exact: true }).fill('s-1')
    await page.keyboard.press('Enter')
    await expectFigure('Decisions', '18')
    await page.getByRole('button', { name: 'Add a filter' }).click()
    await page.getByLabel('Column').fill('resource_app')
    await page.locator(`datalist option[value="it's 🙂"]`).waitFor({ state: 'attached' })
    await page.getByLabel('Value').fill(`it's 🙂`)
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await expectFigure('Decisions', '1')
    const kept = page.url()
    await page.getByRole('button', { name: 'Remove resource_app' }).click()
    await expectFigure('Decisions', '18')
    await page.goto(kept)
    await expectFigure('Decisions', '1')
  })

  it('a range drawn on one chart is the range of the board, and back undoes it', async () => {
    await open('gatewatch-session?var-session=s-1&from=now-1h')
    const plot = page.getByRole('img', { name: /^What it did, over time: / })
    const box = await plot.locator('.u-over').boundingBox()
    if (box === null) throw new Error('no plot')
    await page.mouse.move(box.x + box.width * 0.5, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 5 })
    await page.mouse.up()
    await page.waitForURL(/from=\d+&to=\d+/)
    const [, from, to] = /from=(\d+)&to=(\d+)/.exec(page.url()) ?? []
    expect((Number(to) - Number(from)) / 3_600_000).toBeCloseTo(0.25, 1)
    await page.goBack()
    await page.getByRole('button', { name: '1 h', pressed: true }).waitFor()
    await boardDrawn(page)
  })

  it('the crosshair tells figures by mouse and by keys, on every chart of the board; a table tells them all', async () => {
    await open('gatewatch-subject?var-subject=alice&from=now-1h')
    const plot = page.getByRole('img', { name: /^Timeline: / })
    await plot.focus()
    await page.keyboard.press('Home')
    await page.locator('.tooltip').getByText('permit').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.tooltip').waitFor({ state: 'detached' })
    // The legend of its neighbour shows the figures of the instant under the pointer.
    await plot.hover()
    await page.locator('.tooltip').waitFor()
    await page
      .getByRole('region', { name: 'Detector scores', exact: true })
      .locator('.legend b')
      .first()
      .waitFor()
    const timeline = page.getByRole('region', { name: 'Timeline', exact: true })
    await timeline.getByRole('button', { name: 'permit', pressed: true }).click()
    await timeline.getByRole('button', { name: 'permit', pressed: false }).waitFor()
    await timeline.getByRole('button', { name: 'Table' }).click()
    await timeline.getByRole('columnheader', { name: 'permit' }).waitFor()
    const map = page.getByRole('region', { name: 'Places', exact: true })
    await map.locator('circle').first().focus()
    await map.getByRole('status').getByText('Lisbon').first().waitFor()
    await map.getByRole('button', { name: 'Table' }).click()
    await map.getByRole('cell', { name: 'Lisbon' }).first().waitFor()
    expect(await map.locator('svg').count()).toBe(0)
  })

  it('what happened is told beside the charts, with the way to its story', async () => {
    await open('gatewatch-completeness')
    await page.locator('summary', { hasText: 'Attacks found: 1' }).click()
    await page.locator('.happenings li a').click()
    await page.waitForURL(/#\/stories\//)
    expect(page.url()).toMatch(/#\/stories\/story-1\?tenant=default$/)
    watched.pardon('404')
  })

  it('a panel that fails says what to do, and is asked again', async () => {
    watched.pardon('503')
    const message = 'The store did not answer within 15 s; choose a shorter time range.'
    await page.route(/\/panels\//, (route) =>
      route.fulfill({ status: 503, json: { code: 'ERR_STORE_QUERY', message } }),
    )
    await page.goto(`${stack.url}#/dashboards/gatewatch-session?var-session=s-1`)
    const panel = page.getByRole('region', { name: 'Decisions', exact: true })
    await panel.getByRole('alert').getByText(message).waitFor()
    await page.unroute(/\/panels\//)
    await panel.getByRole('button', { name: 'Ask again' }).click()
    await expectFigure('Decisions', '18')
  })

  it('slow panels tell how long they have been asked, and are dropped by Stop', async () => {
    await page.route(/\/panels\//, () => undefined)
    await page.goto(`${stack.url}#/dashboards/gatewatch-session?var-session=s-1`)
    const panel = page.getByRole('region', { name: 'Decisions', exact: true })
    await panel.getByText(/^\s*\d+ s of 15 s at most/).waitFor()
    const dropped = page.waitForEvent('requestfailed')
    await page.getByRole('button', { name: 'Stop' }).click()
    expect((await dropped).url()).toMatch(/\/panels\//)
    await panel.getByText('Stopped. Refresh asks again.').waitFor()
    await page.unroute(/\/panels\//)
    await page.getByRole('button', { name: 'Refresh' }).click()
    await expectFigure('Decisions', '18')
  })

  it('a query can only be one of a definition', async () => {
    const board = `${stack.url}api/v1/dashboards/gatewatch-session`
    expect((await page.request.get(`${board}/panels/1?from=0&to=1000`)).status()).toBe(404)
    const definition = await page.request.get(board)
    expect(await definition.text()).not.toMatch(/SELECT|rawSql/)
    const { id } = (await definition.json()).panels[0]
    for (const query of ['from=9&to=1', 'from=0&to=1000&var-filters=1%3D1|OR|x'])
      expect((await page.request.get(`${board}/panels/${id}?${query}`)).status()).toBe(400)
  })
})

async function open(board: string): Promise<void> {
  await page.goto(`${stack.url}#/dashboards/${board}`)
  await boardDrawn(page)
}

/** Waits until a panel shows this figure. */
async function expectFigure(panel: string, text: string): Promise<void> {
  const region = page.getByRole('region', { name: panel, exact: true })
  await region.locator('.stat').getByText(text, { exact: true }).waitFor()
}

/** What every panel needs, and a name and an application that a test is about. */
async function fill(): Promise<void> {
  const writer = openClickHouse(stack.clickhouse)
  await storeMany(writer, Date.now())
  // What is not used any more was used before every board's range.
  const earlier = sampleScored({
    id: 'e-earlier',
    decided_at: new Date(Date.now() - 20 * DAY_MS).toISOString(),
    outcome: 'permit',
    reasons: ['policy_permit'],
    subject: { type: 'user', id: 'contractor' },
    policy: { revision: 'r-0', rule_id: 'contractors', route_id: 'expenses', enforcement: 'enforce' },
    resource: { type: 'http', id: '/claims', app: 'expenses' },
  })
  await storeDecisions(writer, 'earlier', [earlier], Date.now())
  await writer.close()
  const decided_at = new Date(Date.now() - 300_000).toISOString()
  const scored = [
    sampleScored({ id: 'e-hostile', decided_at, subject: { type: 'user', id: HOSTILE, session_id: 's-9' } }),
    sampleScored({
      id: 'e-payroll',
      decided_at,
      subject: { type: 'user', id: 'bob' },
      resource: { type: 'http', id: '/salaries', app: 'payroll' },
    }),
  ]
  await stack.runtime.eventLog.append(scored.map((each) => jsonRecord(accessScored, each)))
}
