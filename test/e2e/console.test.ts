import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../schemas/finding.ts'
import { accessFindings, accessScored, control, riskState } from '../../schemas/topics.ts'
import type { OutRecord } from '../../services/runtime/log/event-log.ts'
import { parseJson, jsonRecord } from '../../services/runtime/log/json-record.ts'
import { noBrowser, openBrowser, type OpenBrowser } from '../support/console/browser.ts'
import { eventually } from '../support/eventually.ts'
import { type ConsoleStack, startConsoleStack } from '../support/console/console-stack.ts'
import { sampleFinding, sampleScored } from '../support/events/samples.ts'
import { openWatchedPage, type WatchedPage } from '../support/console/watched-page.ts'

/** A user name as an attacker would choose it. */
const HOSTILE = `<img src=x onerror="window.hacked=1">`
const skip = noBrowser !== null && process.env['CI'] !== 'true'

let stack: ConsoleStack
let browser: OpenBrowser
let page: Page
let watched: WatchedPage

describe.skipIf(skip)(`console in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  beforeAll(async () => {
    browser = await openBrowser({ viewport: { width: 1280, height: 900 } })
    stack = await startConsoleStack()
    await decide('d-old', 60_000)
    await find(travel('f-travel', 'mallory'))
    await find({ ...burst('f-burst', 'mallory'), risk_level: 'HIGH', evidence_nats: 5.5 })
    await find(burst('f-hostile', HOSTILE))
  })

  afterAll(async () => {
    await browser.close()
    await stack.stop()
  })

  beforeEach(async () => {
    // Whoever isn't signed in yet is told so with 401.
    watched = await openWatchedPage(browser, '401')
    page = watched.page
    return () => watched.close()
  })

  it('asks for a token, says why a wrong one is refused, and lets the right one in', async () => {
    await browser.context.clearCookies()
    await page.goto(stack.url)
    await page.getByLabel('Analyst token').fill('gw_0000000000000000_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('unknown, expired or not for people')
    await page.getByLabel('Analyst token').fill(stack.token)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
    const [cookie] = await browser.context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  })

  it('takes a token from a link, and out of the address and the history at once', async () => {
    await browser.context.clearCookies()
    await page.goto(`${stack.url}#token=${encodeURIComponent(stack.token)}`)
    await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
    expect(page.url()).toBe(`${stack.url}#/live`)
    await page.reload()
    await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
  })

  it('signing out forgets the session', async () => {
    await signIn()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Analyst token').waitFor()
    await page.reload()
    await page.getByLabel('Analyst token').waitFor()
    expect(await browser.context.cookies()).toEqual([])
  })

  it('shows a new decision by itself, filtered and paused as asked', async () => {
    await signIn()
    await page.getByRole('link', { name: 'Why was d-old decided so?' }).waitFor()
    await decide('d-live', 0, { outcome: 'deny', reasons: ['policy_deny'] })
    await row('d-live').waitFor()

    await page.getByRole('button', { name: 'Permitted' }).click()
    await row('d-live').waitFor({ state: 'detached' })
    await row('d-old').waitFor()
    await page.getByRole('button', { name: 'Refused' }).click()
    await row('d-live').waitFor()

    await page.getByRole('button', { name: 'Pause' }).click()
    await decide('d-paused', 0, { outcome: 'deny' })
    await page.getByText('1 newer decision').waitFor()
    expect(await row('d-paused').count()).toBe(0)
    await page.getByRole('button', { name: 'Go on' }).click()
    await row('d-paused').waitFor()
  })

  it('a hostile name is text everywhere', async () => {
    await decide('d-hostile', 0, {
      subject: { type: 'user', id: HOSTILE },
      context: { ip: '192.0.2.66', http: { method: 'GET', path: `/"><script>window.hacked=1</script>` } },
    })
    await signIn()
    await row('d-hostile').waitFor()
    await page.getByRole('link', { name: HOSTILE }).first().click()
    await page.getByRole('heading', { name: HOSTILE }).waitFor()
    await page.goto(`${stack.url}#/decisions/d-hostile`)
    await page.getByRole('heading', { name: `${HOSTILE} was let through` }).waitFor()
    await page.goto(`${stack.url}#/stories`)
    await page.getByText('onerror').first().waitFor()
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(await page.locator('main img, main script').count()).toBe(0)
  })

  it('a story shows its findings with evidence, both ends of a comparison, gates and decisions', async () => {
    await signIn()
    await page.getByRole('link', { name: 'Stories' }).click()
    await openStoryOf('mallory')
    const card = page.locator('details').filter({ hasText: 'Lisbon and in Singapore' })
    const table = card.getByRole('table')
    expect(await table.getByRole('row', { name: 'Place' }).textContent()).toMatch(
      /Lisbon, PT\s*Singapore, SG/,
    )
    expect(await card.textContent()).toMatch(/Distance\s*11,850 km/)
    expect(await card.textContent()).toContain('shared egress (times 0.6)')
    await card.getByRole('link', { name: 'd-old' }).click()
    await page.getByRole('heading', { name: 'alice was let through to GET /records/1' }).waitFor()
  })

  it('a finding has a page: its figures, how rare they were, what was held back, what can be said of it, where more is', async () => {
    await stack.runtime.eventLog.append([
      calibration(new Date(Date.now() - 3_600_000)),
      jsonRecord(accessScored, {
        ...sampleScored({
          id: 'd-paged',
          decided_at: new Date().toISOString(),
          subject: { type: 'user', id: 'niki' },
        }),
        scores: { 'impossible-travel': 16 },
      }),
    ])
    const paged = travel('f-paged', 'niki')
    await find({
      ...paged,
      decision_ids: ['d-paged'],
      evidence: { ...paged.evidence, joint_nats: 13.5, joint_nats_of_a_finding: 11 },
      contributions: [
        { detector: 'impossible-travel', cause: 'location', technique: 'T1078', nats: 9, share: 0.667 },
        { detector: 'unknown-device', cause: 'device', technique: 'T1078', nats: 4.5, share: 0.333 },
      ],
    })
    const accounts: string[] = []
    page.on('request', (request) => request.url().includes('/account') && accounts.push(request.url()))
    await page.clock.install()
    await signIn()
    await page.goto(`${stack.url}#/stories`)
    await openStoryOf('niki')
    await page.getByRole('link', { name: 'everything about it' }).click()
    await page.getByRole('heading', { level: 1, name: 'Seen in Lisbon and in Singapore' }).waitFor()
    await row('d-paged').waitFor()

    const said = (await page.locator('main').textContent())?.replaceAll(/\s+/g, ' ') ?? ''
    expect(said).toContain('13.5 nats of evidence; a finding from 11 on')
    // Half way between the knots at 8 and 24, which say 4 and 10 nats: e^-7.
    expect(said).toMatch(/Impossible travel16p = 9\.1e-4 *12, 20/)
    expect(said).toContain('version 3 of')
    expect(said).toContain('The score counted 0.6 times: shared egress.')
    expect(said).toMatch(/Unknown device4\.5 nats *33 %/)
    const main = page.locator('main')
    expect(await main.getByRole('link', { name: 'what to do' }).getAttribute('href')).toBe(
      'runbooks/impossible-travel',
    )
    expect(await main.getByRole('link', { name: 'Subject niki' }).getAttribute('href')).toMatch(
      /^#\/dashboards\/gatewatch-subject\?tenant=default&from=\d+&to=\d+&var-subject=niki$/,
    )
    expect(await main.getByRole('link', { name: 'Case file' }).getAttribute('href')).toContain(
      'api/v1/cases/finding/f-paged',
    )
    await main.getByRole('button', { name: 'Confirm compromised' }).waitFor()

    // Nothing is missing, so the account is not asked for again before something happens to its story.
    const asked = accounts.length
    await page.clock.fastForward(60_000)
    expect(accounts.length).toBe(asked)
    await page.request.post(`${stack.url}api/v1/stories/${await storyOf('niki')}/verdict`, {
      data: { verdict: 'dismiss' },
      headers: { authorization: `Bearer ${stack.token}` },
    })
    await page.clock.fastForward(5000)
    await main.getByText('Dismissed without a judgement.').waitFor()
    expect(accounts.length).toBe(asked + 1)
  })

  it('a verdict asks before it acts, revokes, and is undone by the opposite', async () => {
    await signIn()
    await page.goto(`${stack.url}#/stories`)
    await openStoryOf('mallory')
    await page.getByRole('button', { name: 'Confirm compromised' }).click()
    expect(await page.getByRole('dialog').textContent()).toContain('user mallory')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Confirm compromised' }).click()
    await page.getByLabel('Note').fill('called her: it was not she')
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm compromised' }).click()
    await page.getByText('Confirmed as compromised').waitFor()
    await eventually('revoked', async () => (await riskOf('user:mallory'))?.required_action === 'revoke')
    // The shortest way from a verdict to what came of it.
    expect(await page.getByRole('link', { name: 'live, mallory' }).getAttribute('href')).toBe(
      '#/live?subject=user%3Amallory',
    )

    await page.getByRole('button', { name: 'Undo: confirm safe' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm safe' }).click()
    await page.getByText('Confirmed as safe').waitFor()
    await eventually('let in again', async () => (await riskOf('user:mallory'))?.required_action === 'none')
  })

  it('an entity has its risk history drawn and told', async () => {
    await signIn()
    await eventually('it is stored', async () => {
      const answer = await page.request.get(`${stack.url}api/v1/entities/subject/user%3Amallory/timeline`)
      return /confirm_safe/.test(await answer.text())
    })
    await page.goto(`${stack.url}#/entities/subject/user%3Amallory`)
    await page.getByRole('img', { name: /Risk score over time, at most \d+ of 100/ }).waitFor()
    await page.locator('.chart canvas').waitFor()
    expect(await page.locator('.chart canvas').count()).toBe(1)
    await page.getByText('Verdict of alice-the-analyst: called her').waitFor()
  })

  it('the search answers "why was I refused?" by the decision id, also from the address bar', async () => {
    await decide('d-refused', 0, {
      outcome: 'step_up',
      caused_by: 'risk_feedback',
      reasons: ['risk_medium', 'step_up_required'],
      risk_at_decision: { score: 58, level: 'MEDIUM', revision: 2, age_ms: 9 },
    })
    await signIn()
    await page.getByRole('searchbox', { name: 'Search' }).fill('d-refused')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'alice was asked for a stronger sign-in' }).waitFor()
    const said = await page.locator('main').textContent()
    expect(said).toContain('Something unusual had been found, so the risk was MEDIUM.')
    expect(said).toContain('Sign in again with a passkey or security key')
    await page.goto(`${stack.url}#/decisions/no-such-id`)
    await page.getByText('No decision has this id.').waitFor()
    watched.pardon('404')
  })

  it('fits a phone: nothing is wider than the screen', async () => {
    await signIn()
    await page.setViewportSize({ width: 400, height: 800 })
    const story = await storyOf('mallory')
    const hashes = [
      'live',
      'stories',
      `stories/${story}`,
      'entities/subject/user%3Amallory',
      'decisions/d-refused',
      'findings/f-paged',
      'search',
    ]
    for (const hash of hashes) {
      await page.goto(`${stack.url}#/${hash}`)
      await page.locator('main h1').waitFor()
      const over = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      expect({ hash, over: Math.max(0, over) }).toEqual({ hash, over: 0 })
    }
  })

  it('keeps to the keyboard: the first tab skips to the content, a slash goes to the search and is text in it', async () => {
    await signIn()
    await page.reload()
    await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
    await page.evaluate('document.activeElement?.blur()')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement?.tagName')).toBe('MAIN')
    await page.keyboard.type('//')
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('/')
  })

  it('without the store: live decisions go on, a fresh one is explained, and the page says what is missing', async () => {
    await signIn()
    await stack.stopStore()
    await decide('d-outage', 0, { outcome: 'deny', reasons: ['policy_deny'] })
    await row('d-outage').waitFor()
    await page.goto(`${stack.url}#/decisions/d-outage`)
    await page.getByRole('heading', { name: 'alice was refused GET /records/1' }).waitFor()
    const status = () => page.getByRole('status').first().textContent()
    await expect.poll(status).toContain('The store could not answer')
    watched.pardon('503')
  })
})

async function signIn(): Promise<void> {
  await page.goto(`${stack.url}#token=${encodeURIComponent(stack.token)}`)
  await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
}

function row(id: string) {
  return page.getByRole('link', { name: `Why was ${id} decided so?` })
}

/** As the role publishes one: what scores are worth, and from which evidence on there is a finding. */
function calibration(made: Date): OutRecord {
  const made_at = made.toISOString()
  const knot = (score: number, nats: number) => ({ score, nats, extrapolated: false })
  return jsonRecord(control, {
    schema_version: 1,
    kind: 'calibration',
    tenant: 'default',
    name: 'calibration/3',
    at: made_at,
    calibration: {
      version: 3,
      made_at,
      budget_per_day: 20,
      days: 9,
      threshold_nats: 11,
      high_nats: 13,
      tables: (['low', 'medium', 'high'] as const).map((sensitivity) => ({
        detector: 'impossible-travel',
        detector_version: 1,
        segment: `person/${sensitivity}`,
        scores: 4000,
        medium: 12,
        high: 20,
        knots: [knot(8, 4), knot(24, 10)],
      })),
      joint: { entity_days: 500, knots: [knot(2, 1), knot(20, 9)] },
    },
  })
}

type DecisionPart = Omit<Parameters<typeof sampleScored>[0], 'id' | 'decided_at'>

async function decide(id: string, agoMs: number, decision: DecisionPart = {}): Promise<void> {
  const decided_at = new Date(Date.now() - agoMs).toISOString()
  await stack.runtime.eventLog.append([
    jsonRecord(accessScored, sampleScored({ id, decided_at, ...decision })),
  ])
}

async function find(finding: Finding): Promise<void> {
  await stack.runtime.eventLog.append([jsonRecord(accessFindings, finding)])
}

function burst(id: string, name: string): Finding {
  return sampleFinding({
    id,
    observed_at: new Date().toISOString(),
    entity: { type: 'subject', id: `user:${name}` },
    entities: [],
  })
}

function travel(id: string, name: string): Finding {
  const now = Date.now()
  return sampleFinding({
    id,
    observed_at: new Date(now).toISOString(),
    detector: { id: 'impossible-travel', version: 1 },
    cause: 'location',
    technique: 'T1078',
    entity: { type: 'subject', id: `user:${name}` },
    entities: [],
    decision_ids: ['d-old'],
    evidence: {
      from_place: 'Lisbon, PT',
      from_ip: '192.0.2.10',
      from_at: new Date(now - 1_740_000).toISOString(),
      to_place: 'Singapore, SG',
      to_ip: '198.51.100.9',
      to_at: new Date(now).toISOString(),
      distance_km: 11_850,
      speed_kmh: 24_517,
    },
    gates: [{ name: 'shared_egress', factor: 0.6 }],
    summary: 'Seen in Lisbon and in Singapore 29 minutes apart: 11850 km, at least 24000 km/h.',
  })
}

async function storyOf(name: string): Promise<string> {
  const answer = await page.request.get(`${stack.url}api/v1/stories?tenant=default`)
  const { stories } = await answer.json()
  const story = stories.find((one: { entities: { id: string }[] }) =>
    one.entities.some(({ id }) => id === `user:${name}`),
  )
  return String(story?.id)
}

async function openStoryOf(name: string): Promise<void> {
  const id = await storyOf(name)
  await page.locator(`a.title[href*="${id}"]`).click()
  await page.getByRole('region', { name: 'Verdict' }).waitFor()
}

async function riskOf(id: string) {
  const table = await stack.runtime.eventLog.openTable(riskState)
  try {
    await table.caughtUp()
    const value = table.get(`default/subject/${id}`)
    const parsed = value && parseJson({ value })
    return parsed?.kind === 'ok' ? riskState.schema.parse(parsed.value) : undefined
  } finally {
    await table.close()
  }
}
