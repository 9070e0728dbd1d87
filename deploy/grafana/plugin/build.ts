import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pluginFiles } from './plugin-files.ts'
import { zip } from './zip.ts'

/** Builds the plugin: `node deploy/grafana/plugin/build.ts [DIRECTORY]` writes `gatewatch-app-VERSION.zip` there. */
const directory = process.argv[2] ?? '.'
const files = pluginFiles(new Date().toISOString().slice(0, 10))
const { info } = JSON.parse(files.get('plugin.json') ?? '{}')
const path = join(directory, `gatewatch-app-${info.version}.zip`)
mkdirSync(directory, { recursive: true })
writeFileSync(path, zip(new Map([...files].map(([name, text]) => [`gatewatch-app/${name}`, text]))))
process.stdout.write(`${path}\n`)
