import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dashboards, fileOf } from '../../dashboards/catalogue.ts'
import { archiveOf, buildPlugin, installTools } from '../../deploy/grafana/plugin/build-plugin.ts'
import { noBrowser, type OpenBrowser, openBrowser } from '../support/console/browser.ts'
import { readText, readYaml } from '../support/deploy/files.ts'
import { type FewOfGrafana, type KeptSource, openAppPage } from '../support/deploy/grafana-app.ts'
import { DataSourceFile } from '../support/deploy/provisioning.ts'

const noTools = process.env['GATEWATCH_TEST_NO_GRAFANA_TOOLS'] ?? ''
const validator = process.env['GRAFANA_PLUGIN_VALIDATOR'] ?? ''
let files: ReadonlyMap<string, Buffer> = new Map()
const text = (path: string): string => String(files.get(path))
let directory = ''

/** Of Grafana's schema of plugin.json what an app like ours may say, strictly. */
const Plugin = z.strictObject({
  $schema: z.string(),
  type: z.literal('app'),
  name: z.string(),
  id: z.literal('gatewatch-app'),
  preload: z.boolean(),
  info: z.strictObject({
    keywords: z.array(z.string()).min(1),
    description: z.string().min(20),
    author: z.strictObject({ name: z.string() }),
    logos: z.strictObject({ small: z.string(), large: z.string() }),
    links: z.array(z.never()),
    screenshots: z.array(z.never()),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    updated: z.iso.date(),
  }),
  includes: z.array(z.strictObject({ type: z.literal('dashboard'), name: z.string(), path: z.string() })),
  dependencies: z.strictObject({
    grafanaDependency: z.string().regex(/^>=\d+\.\d+\.\d+$/),
    plugins: z.array(z.strictObject({ type: z.literal('datasource'), name: z.string(), id: z.string() })),
  }),
  buildMode: z.literal('production'),
})
const SourceMap = z.looseObject({ sources: z.array(z.string()).min(1) })
const Complaints = z.looseObject({
  'plugin-validator': z.record(
    z.string(),
    z.array(z.looseObject({ Severity: z.string(), Name: z.string() })),
  ),
})

describe.skipIf(noTools !== '')(
  'the app for Grafana, built with its own tools (skipped where these are not installed)',
  () => {
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'gatewatch-plugin-'))
      await installTools(100_000)
      files = await buildPlugin()
    })
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    it('says what it is, as Grafana reads it, in the version of the package', () => {
      const plugin = Plugin.parse(JSON.parse(text('plugin.json')))
      expect([plugin.info.logos.small, plugin.info.logos.large].filter((path) => !files.has(path))).toEqual(
        [],
      )
      expect(plugin.info.version).toBe(JSON.parse(readText('package.json')).version)
      expect(text('CHANGELOG.md')).toContain(`## ${plugin.info.version}\n`)
      expect(text('LICENSE')).toBe(readText('LICENSE'))
    })

    it('brings every dashboard as it is provisioned, under its uid, and names each', () => {
      const ours = dashboards().map(fileOf)
      const named = Plugin.parse(JSON.parse(text('plugin.json'))).includes
      const titles = ours.map((file) => ({
        type: 'dashboard',
        name: JSON.parse(file.text).title,
        path: `dashboards/${file.name}`,
      }))
      expect(named.toSorted(byPath)).toEqual(titles.toSorted(byPath))
      for (const file of ours) expect(text(`dashboards/${file.name}`)).toBe(file.text)
      const others = [...files.keys()].filter((path) => !path.startsWith('dashboards/'))
      expect(others).toEqual([
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'img/logo.svg',
        'module.js',
        'module.js.map',
        'plugin.json',
      ])
    })

    it("has no code of others in its module: Grafana's packages and React are Grafana's own", () => {
      const { sources } = SourceMap.parse(JSON.parse(text('module.js.map')))
      const others = sources.filter(
        (source) =>
          !/^webpack:\/\/gatewatch-app\/(webpack\/(bootstrap|runtime)|external amd "|\.\/[\w-]+\.tsx?$)/.test(
            source,
          ),
      )
      expect(others).toEqual(['webpack://gatewatch-app/./node_modules/grafana-public-path.js'])
    })

    it('becomes an archive that another program reads back', () => {
      const path = join(directory, 'plugin.zip')
      writeFileSync(path, archiveOf(files))
      const script = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps({ name: z.read(name).decode() for name in z.namelist() }))`
      const read = execFileSync('python3', ['-c', script, path], { encoding: 'utf8', maxBuffer: 64 << 20 })
      expect(JSON.parse(read)).toEqual(
        Object.fromEntries([...files].map(([name, bytes]) => [`gatewatch-app/${name}`, String(bytes)])),
      )
    })

    describe.skipIf(validator === '')(
      'and the validator of Grafana that GRAFANA_PLUGIN_VALIDATOR names (skipped where it is not set)',
      () => {
        const complaints = (given: ReadonlyMap<string, Buffer>) => {
          const path = join(directory, 'validated.zip')
          writeFileSync(path, archiveOf(given))
          const { stdout } = spawnSync(validator, ['-jsonOutput', path], {
            encoding: 'utf8',
            timeout: 120_000,
          })
          const found = Object.values(Complaints.parse(JSON.parse(stdout))['plugin-validator']).flat()
          return found.filter(({ Severity }) => Severity !== 'recommendation').map(({ Name }) => Name)
        }

        it('has nothing to say but that nobody has signed it', () => {
          expect(complaints(files).filter((name) => name !== 'unsigned-plugin')).toEqual([])
        })

        it('would have, without a module', () => {
          expect(complaints(new Map([...files].filter(([name]) => name !== 'module.js')))).not.toEqual([])
        })
      },
    )

    describe.skipIf(noBrowser !== null)('and its page in a browser', () => {
      const { datasources } = DataSourceFile.parse(
        readYaml('deploy/grafana/provisioning/datasources/gatewatch.yaml'),
      )
      const [clickhouse, prometheus] = datasources
      let browser: OpenBrowser
      beforeAll(async () => {
        browser = await openBrowser()
      })
      afterAll(() => browser.close())

      const grafana = (sources: readonly KeptSource[] = []): FewOfGrafana => ({
        plugins: ['grafana-clickhouse-datasource', 'prometheus'],
        sources: new Map(sources.map((source) => [source.uid, source])),
        health: new Map(datasources.map(({ uid }) => [uid, 'Data source is working'])),
        changes: [],
        refuses: null,
      })
      const open = async (given: FewOfGrafana) => {
        const page = await openAppPage(browser.context, text('module.js'), given)
        const save = page.getByRole('button', { name: 'Save data sources' })
        await save.waitFor()
        return { page, save, alerts: page.getByRole('alert') }
      }

      it('makes the data sources of the provisioning once all is said, and tells whether they answer', async () => {
        const given = grafana()
        const { page, save, alerts } = await open(given)
        expect(await alerts.allInnerTexts()).toEqual([
          expect.stringContaining('Gatewatch ClickHouse: not made yet'),
          expect.stringContaining('Gatewatch Prometheus: not made yet'),
        ])
        const secret = 'a "quoted" $1 ${GATEWATCH_PROMETHEUS_URL} \\ secret'
        await page.getByLabel('ClickHouse host').fill('clickhouse.example.org')
        await page.getByLabel('Address of Prometheus').fill('http://prometheus:9090')
        expect(await save.isDisabled()).toBe(true)
        await page.getByLabel('Its password').fill(secret)
        await save.click()
        await expect
          .poll(() => alerts.allInnerTexts())
          .toEqual([
            expect.stringContaining('Gatewatch ClickHouse: answers Data source is working'),
            expect.stringContaining('Gatewatch Prometheus: answers'),
          ])
        expect(given.changes).toEqual([
          {
            method: 'POST',
            path: '/api/datasources',
            body: {
              ...clickhouse,
              jsonData: { ...clickhouse?.jsonData, host: 'clickhouse.example.org', secure: false },
              secureJsonData: { password: secret },
            },
          },
          {
            method: 'POST',
            path: '/api/datasources',
            body: { ...prometheus, url: 'http://prometheus:9090' },
          },
        ])
        expect(await page.getByLabel('Its password').inputValue()).toBe('')
      })

      it('changes what is there, keeps a password that is not said anew, and what somebody added by hand', async () => {
        const given = grafana([
          {
            uid: 'gatewatch-clickhouse',
            name: 'Gatewatch ClickHouse',
            type: 'grafana-clickhouse-datasource',
            jsonData: {
              host: 'old.example.org',
              port: 8443,
              secure: true,
              username: 'reader_acme',
              tlsCA: 'theirs',
            },
            secureJsonData: { password: 'kept' },
          },
        ])
        given.sources.set('gatewatch-prometheus', {
          uid: 'gatewatch-prometheus',
          name: 'Gatewatch Prometheus',
          type: 'prometheus',
          url: 'http://by-files:9090',
          readOnly: true,
          jsonData: {},
        })
        given.health.set('gatewatch-clickhouse', null)
        const { page, save, alerts } = await open(given)
        expect(await alerts.first().innerText()).toContain('does not answer connection refused')
        expect(await page.getByLabel("Port of ClickHouse's").inputValue()).toBe('8443')
        await page.getByLabel('ClickHouse host').fill('new.example.org')
        given.health.set('gatewatch-clickhouse', 'Data source is working')
        await save.click()
        await expect.poll(() => alerts.first().innerText()).toContain('answers Data source')
        expect(given.changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
          'PUT /api/datasources/uid/gatewatch-clickhouse',
        ])
        expect(given.changes[0]?.body.secureJsonData).toBeUndefined()
        expect(given.changes[0]?.body.jsonData).toEqual({
          ...clickhouse?.jsonData,
          host: 'new.example.org',
          port: 8443,
          secure: true,
          username: 'reader_acme',
          tlsCA: 'theirs',
        })
      })

      it('says which plugin is missing, and what Grafana refuses and why', async () => {
        const given = { ...grafana(), plugins: ['prometheus'] }
        given.refuses = { status: 403, message: 'Permission denied' }
        const { page, save, alerts } = await open(given)
        expect(await alerts.first().innerText()).toContain(
          'install its plugin first grafana-clickhouse-datasource',
        )
        await page.getByLabel('ClickHouse host').fill('clickhouse')
        await page.getByLabel('Its password').fill('secret')
        await page.getByLabel('Address of Prometheus').fill('http://prometheus:9090')
        await save.click()
        await expect.poll(() => alerts.last().innerText()).toContain('Permission denied')
        expect(await page.getByLabel('ClickHouse host').inputValue()).toBe('clickhouse')
      })
    })
  },
)

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path.localeCompare(b.path)
}

if (noTools !== '') process.stderr.write(`SKIPPED: the app for Grafana was not built: ${noTools}\n`)
