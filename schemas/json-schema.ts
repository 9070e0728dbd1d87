import { z } from 'zod'
import { Activity } from './activity.ts'
import { Alert } from './alert.ts'
import { CaseFile } from './case-file.ts'
import { Checkpoint } from './checkpoint.ts'
import { Control } from './control.ts'
import { Decision } from './decision.ts'
import { Device } from './device.ts'
import { Finding } from './finding.ts'
import { Loss } from './loss.ts'
import { Policy, PolicyRevision } from './policy.ts'
import { RiskState } from './risk.ts'
import { ScoredDecision } from './scored-decision.ts'
import { Story } from './story.ts'
import { Truth } from './truth.ts'
import { Verdict } from './verdict.ts'

const contracts = {
  activity: Activity,
  alert: Alert,
  'case-file': CaseFile,
  checkpoint: Checkpoint,
  control: Control,
  decision: Decision,
  device: Device,
  finding: Finding,
  loss: Loss,
  policy: Policy,
  'policy-revision': PolicyRevision,
  'risk-state': RiskState,
  'scored-decision': ScoredDecision,
  story: Story,
  truth: Truth,
  verdict: Verdict,
}

/**
 * Every contract as JSON Schema (draft 2020-12), by file name, for producers
 * in other languages. Written from the zod schemas, never by hand; describes
 * what a producer may send (defaults may be left out).
 */
export function jsonSchemas(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const [name, schema] of Object.entries(contracts)) {
    const document = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' })
    files.set(`${name}.schema.json`, `${JSON.stringify({ title: name, ...document }, null, 2)}\n`)
  }
  return files
}
