import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PolicyRevision } from '../../schemas/policy.ts'
import { accessScored, policyRevisions } from '../../schemas/topics.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { noBrowser, openBrowser, type OpenBrowser } from '../support/console/browser.ts'
import { startCaseStack, type CaseStack } from '../support/console/case-stack.ts'
import { cliRun } from '../support/whole/cli-run.ts'
import { eventually } from '../support/eventually.ts'
import { sampleScored } from '../support/events/samples.ts'

const skip = noBrowser !== null && process.env['CI'] !== 'true'

let stack: CaseStack
let browser: OpenBrowser
let page: Page
let directory: string

describe.skipIf(skip)(
  `case files and saved queries in a browser${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    beforeAll(async () => {
      browser = await openBrowser({ viewport: { width: 1280, height: 900 } })
      stack = await startCaseStack()
      directory = await mkdtemp(join(tmpdir(), 'gatewatch-downloads-'))
      page = await browser.context.newPage()
      await page.goto(`${stack.url}#token=${encodeURIComponent(stack.token)}`)
      await page.getByRole('heading', { name: 'Live decisions' }).waitFor()
    })
    afterAll(async () => {
      await browser.close()
      await stack.stop()
      await rm(directory, { recursive: true, force: true })
    })

    /** Clicks what downloads and gives where the file is, and its name. */
    async function download(name: string): Promise<{ path: string; name: string }> {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name, exact: true }).click(),
      ])
      const path = join(directory, file.suggestedFilename())
      await file.saveAs(path)
      return { path, name: file.suggestedFilename() }
    }

    it.each([
      ['a story', 'stories', /^case-story-/],
      ['an entity', 'entities/subject/user%3Aalice', /^case-subject-[0-9a-f]{16}\.html$/],
      ['a decision', 'decisions', /^case-decision-/],
    ])('the case file of %s is a click away, and proves itself', async (_what, path, expected) => {
      await page.goto(`${stack.url}#/${path === 'decisions' ? `decisions/${stack.decisions[60]?.id}` : path}`)
      if (path === 'stories') await page.getByRole('link', { name: 'alice' }).first().click()
      const { path: file, name } = await download('Case file')
      expect(name).toMatch(expected)
      const check = await cliRun(['--data-dir', stack.runtime.dataDir, 'case', 'check', file])
      expect(check.out).toMatch(/^Proven/)
    })

    it('a case file opens without a script, without a style refused, and with a hostile name as text', async () => {
      await page.goto(`${stack.url}#/entities/subject/user%3Aalice`)
      const { path } = await download('Case file')
      const shown = await browser.context.newPage()
      const complaints: string[] = []
      shown.on('console', (message) => complaints.push(message.text()))
      await shown.goto(`file://${path}`)
      await shown.getByRole('heading', { name: 'Timeline' }).waitFor()
      expect(await shown.locator('svg').count()).toBe(2)
      expect(await shown.getByText('<script>alert(1)</script>').count()).toBeGreaterThan(0)
      expect(complaints).toEqual([])
      await shown.close()
    })

    it('a saved query asks for its values, answers in a table, and gives it as a file', async () => {
      await page.goto(`${stack.url}#/queries`)
      await page.getByRole('link', { name: 'What did this session do, step by step?' }).click()
      await page.getByRole('textbox', { name: 'Session' }).fill('s-0')
      await page.getByRole('button', { name: 'Ask' }).click()
      await page.getByRole('heading', { name: '50 rows' }).waitFor()
      expect(await page.getByRole('cell', { name: 'user:alice' }).count()).toBe(50)
      expect((await download('CSV')).name).toBe('session-path.csv')
      await page.getByRole('textbox', { name: 'Session' }).fill('nobody')
      await page.getByRole('button', { name: 'Ask' }).click()
      await page.getByText('Nothing.').waitFor()
      await page.getByRole('textbox', { name: 'From' }).fill('soon')
      await page.getByRole('button', { name: 'Ask' }).click()
      await page.getByRole('alert').getByText('from must be an instant').waitFor()
    })

    it('the page of the policy says that none is in force; then whom it blocks, why, and what the one before would have said', async () => {
      await page.goto(`${stack.url}#/policy`)
      await page.getByText('No policy is in force here.').waitFor()
      const [before, now] = ['a', 'b'].map((letter) => letter.repeat(64))
      const dora = (daysAgo: number, over: object) =>
        sampleScored({
          id: `dora-${daysAgo}`,
          decided_at: new Date(Date.now() - daysAgo * 86_400_000).toISOString(),
          subject: { type: 'user', id: 'dora', groups: ['sales'] },
          policy: { revision: before, rule_id: 'crm.sales', route_id: 'crm' },
          ...over,
        })
      const rule = (id: string, group: string) => ({
        id,
        when: `'${group}' in subject.groups`,
        outcome: 'permit',
      })
      const crm = { host: 'crm.localhost', path: '/**', upstream: 'http://127.0.0.1:9', app: 'crm' }
      const revision = PolicyRevision.parse({
        schema_version: 1,
        tenant: 'default',
        policy: 'intranet',
        revision: now,
        document: {
          version: 1,
          policy: 'intranet',
          routes: [{ id: 'crm', ...crm, rules: [rule('sales', 'sales'), rule('old', 'old-team')] }],
        },
        applied_at: new Date().toISOString(),
        applied_by: 'gw-1',
      })
      await stack.runtime.eventLog.append([
        jsonRecord(policyRevisions, revision),
        ...[3, 2].map((daysAgo) => jsonRecord(accessScored, dora(daysAgo, { outcome: 'permit' }))),
        jsonRecord(
          accessScored,
          dora(0, {
            outcome: 'deny',
            reasons: ['no_rule_matched'],
            policy: { revision: now, route_id: 'crm', shadow: { revision: before, outcome: 'permit' } },
          }),
        ),
      ])
      const person = page.getByRole('row', { name: /^dora/ })
      await eventually('dora is on the page', async () => {
        await page.reload()
        await page.getByRole('heading', { name: 'intranet' }).waitFor()
        return (await person.count()) === 1
      })
      expect(await person.innerText()).toMatch(/crm[\s\S]*no rule matched[\s\S]*permit[\s\S]*blocked/)
      const unmatched = page.getByRole('region', { name: 'Rules that match nobody', exact: true })
      expect(await unmatched.innerText()).toContain('crm.old')
      await person.getByRole('link', { name: 'no rule matched' }).click()
      await page.getByText('dora-0').first().waitFor()
    })
  },
)
