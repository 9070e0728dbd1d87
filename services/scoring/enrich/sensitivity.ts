import { z } from 'zod'
import { Name, Sensitivity } from '../../../schemas/bounds.ts'
import type { Decision } from '../../../schemas/decision.ts'

/** Which resources are how sensitive, where the enforcement point does not say; the first rule that fits decides. */
export const SensitivityRule = z.strictObject({
  app: Name.optional(),
  resource_type: Name.optional(),
  /** Prefix of the resource's id. */
  resource_prefix: z.string().min(1).max(1024).optional(),
  sensitivity: Sensitivity,
})
export type SensitivityRule = z.infer<typeof SensitivityRule>

/** The decision's own word, else the first rule that fits, else `medium`: what nobody classed is neither harmless nor a secret. */
export function sensitivityOf(
  resource: Decision['resource'],
  rules: readonly SensitivityRule[],
): Sensitivity {
  if (resource.sensitivity !== undefined) return resource.sensitivity
  for (const rule of rules) {
    if (rule.app !== undefined && rule.app !== resource.app) continue
    if (rule.resource_type !== undefined && rule.resource_type !== resource.type) continue
    if (rule.resource_prefix !== undefined && !resource.id.startsWith(rule.resource_prefix)) continue
    return rule.sensitivity
  }
  return 'medium'
}
