import type { Page } from 'playwright-core'
import { eventually } from '../eventually.ts'

/** Waits until every panel of the open dashboard and what happened have their answers; a panel that failed fails the test. */
export async function boardDrawn(page: Page): Promise<void> {
  await page.locator('section.panel[data-state=ready]').first().waitFor()
  await eventually('every panel has its answer', async () => {
    const failed = await page.locator('section.panel[data-state=failed]').allTextContents()
    if (failed.length > 0) throw new Error(failed.join('\n'))
    // Charts are drawn anew with what happened.
    return (await page.locator(':is(section.panel, .happenings)[data-state=loading]').count()) === 0
  })
}

/** Titles of panels that show nothing in this time range. */
export function panelsWithoutData(page: Page): Promise<string[]> {
  return page.locator('section.panel:has(.nothing) h3').allTextContents()
}
