import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'

/** Debian's Chromium, which `npm test` installs where it may, or the one that CHROMIUM names. */
const path = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Why browser tests can't run here, or null. With CI=true a missing browser is a failure, not a skip. */
export const noBrowser: string | null = existsSync(path)
  ? null
  : `no Chromium at ${path}: install the package chromium, or set CHROMIUM to a browser`

export interface OpenBrowser {
  readonly context: BrowserContext
  close(): Promise<void>
}

/** Starts a browser with an empty profile of its own. It must be closed. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<OpenBrowser> {
  if (noBrowser) throw new Error(noBrowser)
  const profile = await mkdtemp(join(tmpdir(), 'gatewatch-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: path,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    ...options,
  })
  context.setDefaultTimeout(60_000)
  return {
    context,
    async close() {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
