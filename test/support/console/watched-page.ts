import type { Page } from 'playwright-core'
import type { OpenBrowser } from './browser.ts'

export interface WatchedPage {
  readonly page: Page
  /** Errors with this in their text are meant by the test. */
  pardon(part: string): void
  /** Closes the page. Throws when it threw anything or logged an error. */
  close(): Promise<void>
}

/** A new page of the browser that complains for itself: what it throws and logs fails the test. */
export async function openWatchedPage({ context }: OpenBrowser, ...pardoned: string[]): Promise<WatchedPage> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return {
    page,
    pardon(part) {
      pardoned.push(part)
    },
    async close() {
      await page.close()
      const left = complaints.filter((line) => !pardoned.some((part) => line.includes(part)))
      if (left.length > 0) throw new Error(`the page complained: ${left.join('\n')}`)
    },
  }
}
