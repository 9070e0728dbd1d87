import { z } from 'zod'
import { readYaml } from './files.ts'

const Rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.object({ severity: z.enum(['critical', 'warning']), part: z.string() }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook_url: z.string(),
  }),
})
export type Rule = z.infer<typeof Rule>

const Rules = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(Rule) })) })

/** deploy/prometheus/rules.yaml. */
export function readRules(): z.infer<typeof Rules> {
  return Rules.parse(readYaml('deploy/prometheus/rules.yaml'))
}

export function everyRule(): Rule[] {
  return readRules().groups.flatMap(({ rules }) => rules)
}

/** The metrics of ours that an expression names, as the code registers them (`_bucket` and the like taken off). */
export function metricsIn(expr: string): string[] {
  const names = expr.match(/\bgatewatch_[a-z0-9_]+/g) ?? []
  return [...new Set(names.map((name) => name.replace(/_seconds_(bucket|sum|count)$/, '_seconds')))]
}
