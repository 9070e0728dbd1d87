import { hash } from 'node:crypto'
import { z } from 'zod'
import type { EntityType } from '../../../../schemas/entity.ts'
import { Cause } from '../../../../schemas/reasons.ts'
import { isRecord } from '../../../../schemas/record.ts'
import { compiled, type Compiled, type RuleProblem } from './problem.ts'
import type { RuleDocument } from './source.ts'

export const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const
export type Level = (typeof LEVELS)[number]

/** What a finding of a rule can be about. */
const RULE_ENTITIES = [
  'subject',
  'session',
  'device',
  'source',
  'resource',
  'policy_rule',
  'pep',
] as const satisfies readonly EntityType[]
export type RuleEntity = (typeof RULE_ENTITIES)[number]

/** With the prefix `rule-` it must fit where detectors are named. */
const MOST_NAME = 59
const DIGEST = 8
/** Valid Accounts: whatever is found in access decisions is, at the least, the use of somebody's account. */
const ANY_TECHNIQUE = 'T1078'
const ONE_OR_MORE = z.union([
  z
    .string()
    .max(2048)
    .transform((one) => [one]),
  z.array(z.string().max(2048)).max(50),
])

/**
 * What a rule may say to Gatewatch beyond Sigma, under the key `gatewatch`.
 * `signal` and `verdict` are no causes for a rule: one finding of theirs may
 * end sessions, and a rule that is wrong should not be able to.
 */
const Own = z.strictObject({
  /** Findings of this rule a day and tenant, at most; default `scoring.rules.findings_per_day`. */
  findings_per_day: z.int().min(1).max(100_000).optional(),
  cause: Cause.exclude(['signal', 'verdict']).default('path'),
  /** What the finding is about; default: by the first field of `group-by`, else the subject. */
  entity: z.enum(RULE_ENTITIES).optional(),
})

const Head = z.object({
  title: z.string({ error: 'must be a text of 1 to 256 characters' }).min(1).max(256),
  id: z.string().min(1).max(128).optional(),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, { error: 'must be letters, digits, _ and -' })
    .max(256)
    .optional(),
  status: z.enum(['stable', 'test', 'experimental', 'deprecated', 'unsupported']).optional(),
  description: z.string().max(65_535).default(''),
  references: ONE_OR_MORE.default([]),
  tags: z.array(z.string().max(256)).max(100).default([]),
  fields: z.array(z.string().max(256)).max(16, { error: 'must name at most 16 fields' }).default([]),
  falsepositives: ONE_OR_MORE.default([]),
  level: z.enum(LEVELS).default('medium'),
  taxonomy: z.literal('sigma', { error: 'must be sigma: other taxonomies are not known' }).optional(),
  gatewatch: Own.prefault({}),
})

/** What a rule says of itself. */
export interface RuleHead {
  /** Names the rule in findings (`rule-<name>`), metrics and files of tests. */
  readonly name: string
  readonly id: string | undefined
  readonly title: string
  readonly description: string
  readonly level: Level
  readonly technique: string
  readonly references: readonly string[]
  readonly false_positives: readonly string[]
  /** Fields that a finding shows. */
  readonly fields: readonly string[]
  readonly findings_per_day: number | undefined
  readonly cause: z.infer<typeof Own>['cause']
  readonly entity: RuleEntity | undefined
}

/**
 * Reads what a rule says of itself.
 *
 * @param fallback its name where it gives none
 */
export function readHead(document: RuleDocument, fallback: string): Compiled<RuleHead> {
  const parsed = Head.safeParse(document.value)
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.flatMap((issue) => named(document, issue)) }
  const { gatewatch: own, falsepositives: false_positives, ...head } = parsed.data
  if (head.status === 'unsupported')
    return { ok: false, problems: [document.problem(['status'], 'its author calls it unsupported')] }
  const name = shortName(head.name ?? fallback)
  if (name === '')
    return { ok: false, problems: [document.problem(['name'], 'give it a name of letters, digits, _ and -')] }
  return compiled({
    name,
    id: head.id,
    title: head.title,
    description: head.description.trim(),
    level: head.level,
    technique: techniqueOf(head.tags),
    references: head.references,
    false_positives,
    fields: head.fields,
    ...own,
    findings_per_day: own.findings_per_day,
    entity: own.entity,
  })
}

/** Small letters, digits and `-`; a long one ends in the first digits of its SHA-256, so that two of one beginning differ. */
function shortName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  if (name.length <= MOST_NAME) return name
  const short = name.slice(0, MOST_NAME - DIGEST - 1).replace(/-$/, '')
  return `${short}-${hash('sha256', name, 'hex').slice(0, DIGEST)}`
}

/** The first technique among the tags: `attack.t1110.003` is T1110.003. */
function techniqueOf(tags: readonly string[]): string {
  for (const tag of tags) {
    const found = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)
    if (found?.[1] !== undefined) return found[1].toUpperCase()
  }
  return ANY_TECHNIQUE
}

function named(document: RuleDocument, issue: z.core.$ZodIssue): RuleProblem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? '' : step))
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => document.keyProblem(path, key, `${key} is no key of ${path.join('.')}`))
  return [document.problem(path, `${path.join('.')}: ${issue.message}`)]
}

/** Why the logsource does not mean decisions of access. */
export function foreignLogsource(document: RuleDocument): RuleProblem | undefined {
  const { logsource } = document.value
  if (!isRecord(logsource)) return document.problem(['logsource'], 'logsource is a map: product: gatewatch')
  if (logsource['product'] !== 'gatewatch')
    return document.problem(
      ['logsource', 'product'],
      'only decisions are read here: product must be gatewatch',
    )
  const { category, service } = logsource
  if (category !== undefined && category !== 'access' && category !== 'decision')
    return document.problem(['logsource', 'category'], 'category is access or decision')
  if (service !== undefined)
    return document.problem(
      ['logsource', 'service'],
      'there are no services: ask for resource.app in the detection',
    )
  return undefined
}
