import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeRules } from './alerts/write-rules.ts'
import { dashboards, fileOf } from './catalogue.ts'

/** Writes dashboards and alert rules where Grafana's provisioning finds them: `node dashboards/generate.ts`. */
const directory = join(import.meta.dirname, '..', 'deploy', 'grafana', 'dashboards')

await mkdir(directory, { recursive: true })
for (const dashboard of dashboards()) {
  const { name, text } = fileOf(dashboard)
  await writeFile(join(directory, name), text)
}
await writeRules(dashboards())
