import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { parse } from 'yaml'
import { type PrometheusGroup, ruleFiles } from './rule-files.ts'

const deploy = join(import.meta.dirname, '..', '..', 'deploy')

/** Writes the alert rules, which name panels of these dashboards, where Grafana's provisioning finds them. */
export async function writeRules(built: readonly Dashboard[]): Promise<void> {
  const directory = join(deploy, 'grafana', 'provisioning', 'alerting')
  const rules: { groups: PrometheusGroup[] } = parse(
    await readFile(join(deploy, 'prometheus', 'rules.yaml'), 'utf8'),
  )
  await mkdir(directory, { recursive: true })
  for (const { name, text } of ruleFiles(built, rules.groups)) await writeFile(join(directory, name), text)
}
