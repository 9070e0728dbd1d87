import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pluginFiles } from '../../../deploy/grafana/plugin/plugin-files.ts'
import { zip } from '../../../deploy/grafana/plugin/zip.ts'
import { dashboards, fileOf } from '../../../dashboards/catalogue.ts'
import { readText, readYaml } from '../../support/deploy/files.ts'
import { DataSourceFile } from '../../support/deploy/provisioning.ts'

const files = pluginFiles('2026-01-31')
const archive = () => zip(new Map([...files].map(([name, text]) => [`gatewatch-app/${name}`, text])))
const directory = mkdtempSync(join(tmpdir(), 'gatewatch-plugin-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const Plugin = z.strictObject({
  $schema: z.string(),
  type: z.literal('app'),
  name: z.string(),
  id: z.string().regex(/^[0-9a-z]+-([0-9a-z]+-)?app$/),
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
    grafanaDependency: z.string(),
    plugins: z.array(z.strictObject({ type: z.string(), name: z.string(), id: z.string() })),
  }),
})
const Findings = z.looseObject({
  'plugin-validator': z.record(
    z.string(),
    z.array(z.looseObject({ Severity: z.string(), Name: z.string() })),
  ),
})
const plugin = Plugin.parse(JSON.parse(files.get('plugin.json') ?? ''))

describe('the app plugin', () => {
  it('has the files that its description names, and the version of the package', () => {
    const named = [
      plugin.info.logos.small,
      plugin.info.logos.large,
      ...plugin.includes.map(({ path }) => path),
    ]
    expect(named.filter((path) => !files.has(path))).toEqual([])
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['module.js', 'README.md', 'LICENSE', 'CHANGELOG.md']),
    )
    expect(plugin.info.version).toBe(JSON.parse(readText('package.json')).version)
    expect(files.get('CHANGELOG.md')).toContain(`## ${plugin.info.version}\n`)
  })

  it('bundles every dashboard', () => {
    expect(plugin.includes.map(({ path }) => path).sort()).toEqual(
      dashboards()
        .map((dashboard) => `dashboards/${fileOf(dashboard).name}`)
        .sort(),
    )
  })

  it('becomes an archive that another program reads back, the same whenever it is built', () => {
    const path = join(directory, 'plugin.zip')
    writeFileSync(path, archive())
    const script = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps({ name: z.read(name).decode() for name in z.namelist() }))`
    const read = execFileSync('python3', ['-c', script, path], { encoding: 'utf8', maxBuffer: 64 << 20 })
    expect(JSON.parse(read)).toEqual(
      Object.fromEntries([...files].map(([name, text]) => [`gatewatch-app/${name}`, text])),
    )
    expect(archive().equals(archive())).toBe(true)
  })
})

const validator = process.env['GRAFANA_PLUGIN_VALIDATOR'] ?? ''

describe.skipIf(validator === '')(
  'the validator of Grafana that GRAFANA_PLUGIN_VALIDATOR names (skipped where it is not set)',
  () => {
    const complaints = (texts: ReadonlyMap<string, string>) => {
      const path = join(directory, 'validated.zip')
      writeFileSync(path, zip(new Map([...texts].map(([name, text]) => [`gatewatch-app/${name}`, text]))))
      const { stdout } = spawnSync(validator, ['-jsonOutput', path], { encoding: 'utf8', timeout: 120_000 })
      const found = Object.values(Findings.parse(JSON.parse(stdout))['plugin-validator']).flat()
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

describe('its module, as Grafana loads it', () => {
  it('asks for what the provisioning leaves open, and nothing can be saved before all is said', () => {
    const { fields, button } = open()
    expect(fields.map(({ id, type }) => [id, type])).toEqual([
      ['GATEWATCH_CLICKHOUSE_HOST', 'text'],
      ['GATEWATCH_CLICKHOUSE_PASSWORD', 'password'],
      ['GATEWATCH_PROMETHEUS_URL', 'text'],
    ])
    expect(button.disabled).toBe(true)
  })

  it('makes the data sources of the provisioning, and changes the one that is there', async () => {
    const given: Readonly<Record<string, string>> = {
      GATEWATCH_CLICKHOUSE_HOST: 'clickhouse.example.org',
      GATEWATCH_CLICKHOUSE_PASSWORD: 'a "quoted" $1 ${GATEWATCH_PROMETHEUS_URL} \\ secret',
      GATEWATCH_PROMETHEUS_URL: 'http://prometheus:9090',
    }
    const page = open(['gatewatch-prometheus'])
    for (const field of page.fields) field.onChange({ currentTarget: { value: given[field.id] ?? '' } })
    const { datasources } = DataSourceFile.parse(
      readYaml('deploy/grafana/provisioning/datasources/gatewatch.yaml'),
    )
    const [clickhouse, prometheus] = datasources
    await page.submit()
    expect(page.sent).toEqual([
      [
        'POST',
        '/api/datasources',
        {
          ...clickhouse,
          jsonData: { ...clickhouse?.jsonData, host: given['GATEWATCH_CLICKHOUSE_HOST'] },
          secureJsonData: { password: given['GATEWATCH_CLICKHOUSE_PASSWORD'] },
        },
      ],
      [
        'PUT',
        '/api/datasources/uid/gatewatch-prometheus',
        { ...prometheus, url: given['GATEWATCH_PROMETHEUS_URL'] },
      ],
    ])
    expect(page.told()).toContain('Saved')
  })

  it('says so when Grafana refuses', async () => {
    const page = open([], 'refuse')
    await page.submit()
    expect(page.told()).toContain('refused')
  })
})

const Element = z.object({
  type: z.unknown(),
  props: z.record(z.string(), z.unknown()),
  children: z.array(z.unknown()),
})
interface Field {
  readonly id: string
  readonly type: string
  readonly onChange: (event: { currentTarget: { value: string } }) => void
}

/** The page of the built module in a loader that hands it what Grafana would, drawn anew after every change. */
function open(known: readonly string[] = [], answer: 'take' | 'refuse' = 'take') {
  const sent: unknown[] = []
  const state: unknown[] = []
  let cursor = 0
  let body: () => unknown = () => null
  const react = {
    createElement: (type: unknown, props: object | null, ...children: unknown[]) => ({
      type,
      props: props ?? {},
      children,
    }),
    useState(initial: unknown) {
      const at = cursor++
      if (state.length <= at) state.push(initial)
      return [state[at], (next: unknown) => (state[at] = next)]
    },
  }
  const send = (method: string) => async (url: string, data: unknown) => {
    if (answer === 'refuse') throw new Error('403')
    sent.push([method, url, JSON.parse(JSON.stringify(data))])
  }
  const backend = { get: async () => known.map((uid) => ({ uid })), post: send('POST'), put: send('PUT') }
  class AppPlugin {
    addConfigPage(page: { body: () => unknown }): this {
      body = page.body
      return this
    }
  }
  const modules: Readonly<Record<string, unknown>> = {
    '@grafana/data': { AppPlugin },
    '@grafana/runtime': { getBackendSrv: () => backend },
    '@grafana/ui': { Button: 'Button', Field: 'Field', Input: 'Input' },
    react,
  }
  const define = (names: readonly string[], factory: (...handed: unknown[]) => unknown) =>
    factory(...names.map((name) => modules[name]))
  runInContext(files.get('module.js') ?? '', createContext({ define, JSON, Set, Array, Promise }))
  const draw = () => {
    cursor = 0
    const form = Element.parse(body())
    const fields = form.children
      .map((child) => Element.parse(child))
      .filter(({ type }) => type === 'Field')
      .map(({ children }) => Element.parse(children[0]).props as unknown as Field)
    return { form, fields }
  }
  return {
    sent,
    fields: draw().fields.map((field, i): Field => ({
      ...field,
      onChange: (event) => draw().fields[i]?.onChange(event),
    })),
    button: z.object({ disabled: z.boolean() }).parse(Element.parse(draw().form.children.at(-2)).props),
    told: () => String(Element.parse(draw().form.children.at(-1)).children[0]),
    async submit() {
      const onSubmit = draw().form.props['onSubmit']
      if (typeof onSubmit === 'function') onSubmit({ preventDefault() {} })
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
