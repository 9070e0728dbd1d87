import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { boardDrawn, panelsWithoutData } from '../support/console/boards-drawn.ts'
import { noBrowser, openBrowser } from '../support/console/browser.ts'
import { runCliProcess } from '../support/whole/cli-process.ts'
import { eventually } from '../support/eventually.ts'
import { hasPrometheus, startPrometheus } from '../support/prometheus-process.ts'
import { openWatchedPage } from '../support/console/watched-page.ts'

/** With CI=true a missing browser is a failure, not a skip. */
const withBrowser = noBrowser === null || process.env['CI'] === 'true'

/** Records of the decisions topic, as another process sees them. */
async function recordedDecisions(directory: string): Promise<number> {
  const topics = runCliProcess(['topics', '--json', '--data-dir', join(directory, 'demo')], {}, directory)
  expect({ code: await topics.exited(), output: topics.output() }).toMatchObject({ code: 0 })
  const lines = topics
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  const decisions = lines
    .map((line) => JSON.parse(line))
    .find((topic) => topic.name === 'access.decisions.v1')
  return decisions.records
}

/** Panels of the pipeline that show nothing yet: the old proxy cuts its first line off after two minutes, and refuses without judging after one. */
const LATER = ['Dead letters by reason', 'Requests that could not be judged', 'Behind by partition']

/** The console's pipeline dashboard shows what a real Prometheus scraped from the demo. */
async function expectMetricsInConsole(signIn: string): Promise<void> {
  const browser = await openBrowser({ viewport: { width: 1500, height: 950 } })
  try {
    // A store that is busy with an attack may let a panel wait too long; it is asked again.
    const watched = await openWatchedPage(browser, '503')
    const { page } = watched
    await page.goto(signIn)
    await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
    await page.goto(`${signIn.replace(/#.*/, '')}#/dashboards/gatewatch-pipeline?from=now-5m&refresh=10s`)
    const empty = await eventually('every panel that may show something does', async () => {
      const drawn = await boardDrawn(page).then(
        () => true,
        () => false,
      )
      const found = await panelsWithoutData(page)
      return drawn && found.every((title) => LATER.includes(title)) ? found : null
    })
    expect(LATER).toEqual(expect.arrayContaining(empty))
    expect(await page.locator('.panel-timeseries canvas').count()).toBeGreaterThan(10)
    expect(await page.getByText('console.prometheus_url').count()).toBe(0)
    await watched.close()
  } finally {
    await browser.close()
  }
}

it('the demo finds an attack, changes an outcome, stops cleanly, and goes on with its data', async ({
  onTestFinished,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-demo-'))
  const [provider, pager, gateway, decisions, feedback, admin] = await freePorts(6)
  const prometheus = hasPrometheus()
    ? await startPrometheus(
        {
          global: { scrape_interval: '1s', scrape_timeout: '1s' },
          scrape_configs: [{ job_name: 'gatewatch', static_configs: [{ targets: [`127.0.0.1:${admin}`] }] }],
        },
        { groups: [] },
      )
    : null
  onTestFinished(async () => prometheus?.stop())
  const env = {
    ...(prometheus && { GATEWATCH_CONSOLE__PROMETHEUS_URL: prometheus.url }),
    GATEWATCH_DEMO__PROVIDER_PORT: String(provider),
    GATEWATCH_DEMO__PAGER_PORT: String(pager),
    GATEWATCH_DEMO__FIRST_STORY_AFTER: '2s',
    // A quarter of what people do otherwise: so much less is to be written and scored before it begins.
    GATEWATCH_DEMO__REQUESTS_AN_HOUR: '8',
    GATEWATCH_GATEWAY__LISTEN__PORT: String(gateway),
    GATEWATCH_GATEWAY__DECISION_POINT__PORT: String(decisions),
    GATEWATCH_FEEDBACK__PORT: String(feedback),
    GATEWATCH_ADMIN__PORT: String(admin),
  }
  const start = () => runCliProcess(['up', '--demo', '--data-dir', directory], env, directory)
  const first = start()
  onTestFinished(async () => {
    first.child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  })

  // when it starts on an empty directory, then it says where things are
  await first.shows(/Ready after/, 150_000)
  expect(first.output()).toMatch(/history +ready/)
  const [signIn = ''] = await first.shows(
    new RegExp(`(?<=Console +)http://localhost:${feedback}/#token=gw_\\S+`),
    150_000,
  )

  // then an attack is told with what was found and what the gateway did, and the bystander was left alone
  const [, outcome] = await first.shows(
    /^ {3}gateway .*\((step_up|deny|revoke), risk \d+ (?:MEDIUM|HIGH)\)$/m,
    150_000,
  )
  expect(['step_up', 'deny', 'revoke']).toContain(outcome)
  expect(first.output()).toMatch(/^ {3}found .*\d ms after the decision\)$/m)
  await first.shows(/^ {3}others .* none of them touched$/m, 150_000)
  await first.shows(/^ {3}paged /m, 150_000)
  const health = await fetch(`http://127.0.0.1:${admin}/health/ready`)
  expect([health.status, await health.json()]).toEqual([200, { status: 'pass', failing: {} }])

  // then the console draws what Prometheus knows of its processes
  if (prometheus !== null && withBrowser) await expectMetricsInConsole(signIn)

  // when a second one is started on the same directory, then it is refused by name
  const second = start()
  expect(await second.exited()).toBe(1)
  expect(second.output()).toContain(`(process ${first.child.pid})`)

  // when Ctrl-C is pressed, then it is gone within ten seconds: it would end with 1 after them
  const stopped = await first.stop('SIGINT')
  expect({ code: stopped.code, output: first.output() }).toMatchObject({ code: 0 })
  const before = await recordedDecisions(directory)
  expect(before).toBeGreaterThan(15_000)

  // when it is started again, then it goes on with what it had
  const again = start()
  onTestFinished(() => {
    again.child.kill('SIGKILL')
  })
  await again.shows(/Ready after/, 150_000)
  expect(again.output()).not.toMatch(/history +ready/)
  await again.shows(/── .*stolen session/, 150_000)
  expect((await again.stop('SIGINT')).code).toBe(0)
  expect(await recordedDecisions(directory)).toBeGreaterThan(before)
})
