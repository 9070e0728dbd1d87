/**
 * Takes the pictures of dashboards/PICTURES.md and of services/console/pictures
 * from a running demo, and says which panels show nothing. One story is given a
 * verdict for that:
 *
 *     node test/pictures.ts 'http://localhost:8090/#token=…' [overview pipeline console …]
 *
 * The demo should have run for a quarter of an hour or half of one, and
 * `console.prometheus_url` name a Prometheus that scrapes it.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { dashboards } from '../dashboards/catalogue.ts'
import { boardDrawn, panelsWithoutData } from './support/console/boards-drawn.ts'
import { openBrowser } from './support/console/browser.ts'

const DIRECTORY = join(import.meta.dirname, '../dashboards/pictures')
const CONSOLE = join(import.meta.dirname, '../services/console/pictures')
const VIEW = { width: 1280, height: 900 }
/** Most of a file; a picture that is larger is taken smaller and in a lower quality. */
const MOST_BYTES = 150_000
const MAKING = [
  { scale: 1, quality: 70 },
  { scale: 0.9, quality: 60 },
  { scale: 0.8, quality: 55 },
  { scale: 0.7, quality: 50 },
  { scale: 0.6, quality: 45 },
  { scale: 0.5, quality: 45 },
]

const Stories = z.object({
  stories: z.array(
    z.object({
      id: z.string(),
      origin: z.string(),
      risk_level: z.string(),
      title: z.string(),
      entities: z.array(z.object({ type: z.string(), id: z.string() })),
    }),
  ),
})

type Told = z.infer<typeof Stories>['stories'][number]
const Decisions = z.object({ decisions: z.array(z.object({ id: z.string() })) })

const signIn = process.argv[2]
if (signIn === undefined) throw new Error(`usage: node test/pictures.ts 'http://localhost:8090/#token=…'`)
const base = signIn.replace(/#.*/, '')
await mkdir(DIRECTORY, { recursive: true })
const browser = await openBrowser({ viewport: VIEW, colorScheme: 'light' })
try {
  const page = await browser.context.newPage()
  await page.goto(signIn)
  await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
  let of = await variablesOf(page)
  const wanted = process.argv.slice(3)
  for (const { uid = '' } of dashboards()) {
    const name = uid.replace('gatewatch-', '')
    if (wanted.length > 0 && !wanted.includes(name)) continue
    await page.goto('about:blank')
    await page.goto(`${base}#/dashboards/${uid}?from=now-30m&refresh=off&${of}`)
    await boardDrawn(page)
    if (uid === 'gatewatch-subject') of += `&var-session=${await sessionOn(page)}`
    const bytes = await picture(page, join(DIRECTORY, `${name}.webp`))
    const empty = await panelsWithoutData(page)
    process.stdout.write(
      `${uid}: ${bytes} bytes${empty.length > 0 ? `; nothing in ${empty.join(', ')}` : ''}\n`,
    )
  }
  if (wanted.length === 0 || wanted.includes('console')) await picturesOfConsole(page)
} finally {
  await browser.close()
}

/** A story, and the top of why one of its requests was refused. */
async function picturesOfConsole(page: Page): Promise<void> {
  const story = await graveStory(page, ({ title }) => title.includes('session-replay'))
  const subject = story.entities.find(({ type }) => type === 'subject')?.id ?? ''
  const asked = `api/v1/decisions?subject=${encodeURIComponent(subject)}&outcome=revoke`
  const refused = Decisions.parse(await (await page.request.get(`${base}${asked}`)).json()).decisions[0]?.id
  if (refused === undefined) throw new Error(`${subject} was never revoked`)
  const taken = [
    { name: 'story', path: `stories/${story.id}`, fullPage: true },
    { name: 'explain', path: `decisions/${refused}`, fullPage: false },
  ]
  for (const { name, path, fullPage } of taken) {
    await page.goto('about:blank')
    await page.goto(`${base}#/${path}`)
    await page.getByRole('link', { name: 'what to do' }).first().waitFor()
    const bytes = await page.screenshot({ path: join(CONSOLE, `${name}.png`), fullPage })
    process.stdout.write(`${name}: ${bytes.length} bytes\n`)
  }
}

/** A session of the subject whose dashboard is open. */
async function sessionOn(page: Page): Promise<string> {
  const sessions = page.getByRole('region', { name: 'Sessions', exact: true })
  return encodeURIComponent((await sessions.getByRole('link').first().textContent()) ?? '')
}

/** Whom and what the forensic dashboards are about: the subject of a grave story, and the network it came from. */
async function variablesOf(page: Page): Promise<string> {
  const story = await graveStory(page, ({ entities }) => entities.some(({ type }) => type === 'source'))
  const { entities } = story
  await page.request.post(`${base}api/v1/stories/${story.id}/verdict?tenant=default`, {
    headers: { origin: new URL(base).origin },
    data: { verdict: 'confirm_compromised', note: 'called back: it was somebody else' },
  })
  const id = (kind: string) =>
    entities.find(({ type, id: one }) => type === kind && !one.startsWith('anonymous:'))?.id ?? ''
  const subject = id('subject')
  const variables = { subject, source: id('source') }
  const query = new URLSearchParams(Object.entries(variables).map(([name, value]) => [`var-${name}`, value]))
  return query.toString()
}

/** One of the demo's own attacks on a person. */
async function graveStory(page: Page, fits: (story: Told) => boolean): Promise<Told> {
  const answer = await page.request.get(`${base}api/v1/stories?tenant=default&limit=200`)
  const { stories } = Stories.parse(await answer.json())
  const story = stories.find(
    (each) =>
      each.origin === 'live' &&
      each.risk_level === 'HIGH' &&
      each.entities.some(({ type, id }) => type === 'subject' && id.startsWith('user:')) &&
      fits(each),
  )
  if (story === undefined) throw new Error('the demo has no such grave story yet; let it run')
  return story
}

/** The whole page as WebP, which Playwright itself does not make. */
async function picture(page: Page, file: string): Promise<number> {
  const session = await page.context().newCDPSession(page)
  const height = await page.evaluate<number>('document.documentElement.scrollHeight')
  for (const { scale, quality } of MAKING) {
    const { data } = await session.send('Page.captureScreenshot', {
      format: 'webp',
      quality,
      captureBeyondViewport: true,
      clip: { x: 0, y: 0, width: VIEW.width, height, scale },
    })
    const bytes = Buffer.from(data, 'base64')
    if (bytes.length > MOST_BYTES) continue
    await writeFile(file, bytes)
    return bytes.length
  }
  throw new Error(`${file} can't be made small enough`)
}
