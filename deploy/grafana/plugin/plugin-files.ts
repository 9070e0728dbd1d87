import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { parse } from 'yaml'

const HERE = import.meta.dirname
const ROOT = join(HERE, '..', '..', '..')
const read = (...path: string[]) => readFileSync(join(...path), 'utf8')

/** Grafana's own packages, which its loader hands over. */
const PACKAGES = ['@grafana/data', '@grafana/runtime', '@grafana/ui', 'react'] as const

/**
 * The files of the plugin, by their path in its folder. Everything is what
 * stands elsewhere already: dashboards as provisioned, data sources as
 * provisioned, the version of the package.
 */
export function pluginFiles(updated: string): ReadonlyMap<string, string> {
  const directory = join(ROOT, 'deploy', 'grafana', 'dashboards')
  const dashboards = readdirSync(directory)
    .sort()
    .map((name) => ({ name, text: read(directory, name) }))
  const plugin = JSON.parse(read(HERE, 'plugin.json'))
  const { version } = JSON.parse(read(ROOT, 'package.json'))
  plugin.info = { ...plugin.info, version, updated }
  plugin.includes = dashboards.map(({ name, text }) => ({
    type: 'dashboard',
    name: JSON.parse(text).title,
    path: `dashboards/${name}`,
  }))
  return new Map([
    ['plugin.json', `${JSON.stringify(plugin, null, 2)}\n`],
    ['module.js', moduleText()],
    ['README.md', read(HERE, 'README.md')],
    ['CHANGELOG.md', read(HERE, 'CHANGELOG.md')],
    ['LICENSE', read(ROOT, 'LICENSE')],
    ['img/logo.svg', read(HERE, 'img', 'logo.svg')],
    ...dashboards.map(({ name, text }): [string, string] => [`dashboards/${name}`, text]),
  ])
}

/** `module.ts` as Grafana loads it: an AMD module, types taken out, with the data sources of the provisioning. */
function moduleText(): string {
  const { datasources } = parse(read(ROOT, 'deploy/grafana/provisioning/datasources/gatewatch.yaml'))
  const { outputText } = ts.transpileModule(read(HERE, 'module.ts'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
  })
  const code = outputText.replaceAll(/^export (?=(async )?function)/gm, '').trim()
  return [
    `define(${JSON.stringify(PACKAGES)}, function (data, runtime, ui, react) {`,
    "'use strict';",
    code,
    `return { plugin: makePlugin(data, runtime, ui, react, ${JSON.stringify(datasources)}) };`,
    '});',
    '',
  ].join('\n')
}
