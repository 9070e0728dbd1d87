import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { archiveOf, buildPlugin, installTools } from './build-plugin.ts'

/** Builds the plugin: `node deploy/grafana/plugin/build.ts [DIRECTORY]` writes `gatewatch-app-VERSION.zip` there. */
const TEN_MINUTES_MS = 600_000
const directory = process.argv[2] ?? '.'
await installTools(TEN_MINUTES_MS)
const files = await buildPlugin()
const { info } = JSON.parse(String(files.get('plugin.json')))
const path = join(directory, `gatewatch-app-${info.version}.zip`)
mkdirSync(directory, { recursive: true })
writeFileSync(path, archiveOf(files))
process.stdout.write(`${path}\n`)
