import type { Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBrowser, type OpenBrowser, openBrowser } from '../support/console/browser.ts'
import { type CopiedBoard, grafanaCopy, grafanaToken, grafanaUrl } from '../support/deploy/grafana-copy.ts'

const { grafana, mark, boards, bring, takeAway } = grafanaCopy()
const here = grafanaUrl !== '' && noBrowser === null
/** Of Grafana's grid: a row of it, and what stands above. */
const ROW_PX = 38
const HEAD_PX = 500
const isQuery = (request: Request): boolean => request.url().includes('/api/ds/query')
const about = 'var-subject=user:alice&var-source=192.0.2.10&var-session=s-1'

describe.skipIf(!here)("that Grafana's own pages (skipped without GRAFANA_URL or a browser)", () => {
  let browser: OpenBrowser
  beforeAll(async () => {
    await bring()
    browser = await openBrowser({ extraHTTPHeaders: { authorization: `Bearer ${grafanaToken}` } })
  })
  afterAll(async () => {
    await browser.close()
    await takeAway()
  })

  it.each(boards)(
    'show every panel of $title, complain of none, and ask no server outside',
    async (board) => {
      await grafana.call('POST', 'api/dashboards/db', { dashboard: board, folderUid: mark })
      const { asked, failed, outside, words } = await shown(board)
      // One request may ask for several panels, but no panel is left out: all are on the screen.
      expect(asked).toBeGreaterThan(0)
      expect(failed).toEqual([])
      expect(outside).toEqual([])
      for (const { title = '' } of board.panels) expect(words).toContain(title)
    },
    180_000,
  )

  it("show the app's page, where the app is installed, with how the data sources stand", async ({ skip }) => {
    const installed = await grafana.call('GET', 'api/plugins/gatewatch-app/settings').catch(() => null)
    skip(installed === null, 'the app gatewatch-app is not installed there')
    const page = await browser.context.newPage()
    await page.goto(new URL('plugins/gatewatch-app?page=data-sources', `${grafanaUrl}/`).href)
    await page.getByRole('button', { name: 'Save data sources' }).waitFor()
    const words = await page.locator('body').innerText()
    for (const name of ['Gatewatch ClickHouse: ', 'Gatewatch Prometheus: ']) expect(words).toContain(name)
    await page.close()
  })

  /** Opens a board in a window that is as high as it is, and waits until nothing is asked any more. */
  async function shown({ uid, panels }: CopiedBoard) {
    const height = HEAD_PX + ROW_PX * Math.max(...panels.map(({ gridPos: { y, h } }) => y + h))
    const page = await browser.context.newPage()
    const failed: string[] = []
    const outside: string[] = []
    let asked = 0
    let pending = 0
    page.on('pageerror', (error) => failed.push(String(error)))
    page.on('request', (request) => {
      if (isQuery(request)) pending++
      const { protocol, origin } = new URL(request.url())
      if (/^https?:$/.test(protocol) && origin !== new URL(grafanaUrl).origin) outside.push(request.url())
    })
    // Grafana takes a question back where it asks it again.
    page.on('requestfailed', (request) => {
      if (isQuery(request)) pending--
    })
    page.on('response', async (response) => {
      if (!isQuery(response.request())) return
      if (!response.ok()) failed.push(`${response.status()} ${await response.text()}`)
      asked++
      pending--
    })
    try {
      await page.setViewportSize({ width: 1600, height })
      await page.goto(
        new URL(`d/${uid}?from=now-1h&to=now&timezone=utc&refresh=&${about}`, `${grafanaUrl}/`).href,
      )
      const last = panels.at(-1)?.title ?? ''
      await page.getByText(last, { exact: true }).first().waitFor({ timeout: 90_000 })
      await expect.poll(() => asked > 0 && pending === 0, { timeout: 90_000 }).toBe(true)
      const words = await page.locator('body').innerText()
      const alerts = await page.getByRole('alert').allInnerTexts()
      return { asked, failed: [...failed, ...alerts], outside, words }
    } finally {
      await page.close()
    }
  }
})

if (!here)
  process.stderr.write(
    `SKIPPED: ${noBrowser ?? 'GRAFANA_URL is not set'}, so ${boards.length} dashboards were drawn by no real Grafana\n`,
  )
