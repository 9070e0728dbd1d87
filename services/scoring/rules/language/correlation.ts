import { z } from 'zod'
import { isRecord } from '../../../../schemas/record.ts'
import { fieldOf, noField, type knownFields } from './fields.ts'
import { readHead, type RuleHead } from './head.ts'
import { compiled, type Compiled, type RuleProblem } from './problem.ts'
import { unknownFields } from './rule.ts'
import type { Path, RuleDocument } from './source.ts'

const CORRELATIONS = ['event_count', 'value_count', 'temporal', 'temporal_ordered'] as const
export type CorrelationType = (typeof CORRELATIONS)[number]

/** A rule about several decisions; what it refers to is not looked up yet. */
export interface Correlation {
  readonly kind: 'correlation'
  readonly document: RuleDocument
  readonly head: RuleHead
  readonly type: CorrelationType
  /** Ids or names of rules and correlations. */
  readonly rules: readonly string[]
  readonly group_by: readonly string[]
  /** By alias, then by id or name of a rule: the path of a field. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly timespan_ms: number
  /** Decisions or values that make it up; of a temporal one rules that must match, 0: all of them. */
  readonly need: number
  /** Of `value_count`: whose values are counted, together. */
  readonly counted: readonly string[]
  /** What it refers to tells for itself, too. */
  readonly generate: boolean
}

const SECTION = 'correlation'
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const LONGEST_MS = 7 * 86_400_000
/** Every one of them is kept for as long as the time span. */
const MOST_NEEDED = 1000
const MOST_RULES = 20
const LATER =
  'is known only when the time span is over, and a finding does not wait for that; ask for gte or gt'
const METRICS: ReadonlySet<unknown> = new Set(['value_sum', 'value_avg', 'value_percentile'])

const Texts = z.array(z.string().min(1).max(256))
const Section = z.strictObject({
  type: z.enum(CORRELATIONS, { error: `must be one of ${CORRELATIONS.join(', ')}` }),
  rules: z.union([
    z
      .string()
      .min(1)
      .max(256)
      .transform((one) => [one]),
    Texts.min(1).max(MOST_RULES),
  ]),
  'group-by': Texts.max(8).default([]),
  aliases: z.record(z.string().max(256), z.record(z.string().max(256), z.string().max(256))).default({}),
  timespan: z.string({ error: 'must be a number and s, m, h or d' }),
  condition: z.unknown().optional(),
  generate: z.boolean().optional(),
})

/**
 * Compiles a Sigma correlation rule.
 *
 * @see Sigma Correlation Rules Specification 2.1.0
 */
export function compileCorrelation(
  document: RuleDocument,
  fallback: string,
  known: ReturnType<typeof knownFields>,
): Compiled<Correlation> {
  const head = readHead(document, fallback)
  const problems: RuleProblem[] = head.ok ? unknownFields(document, head.value, known) : [...head.problems]
  const section = document.value[SECTION]
  if (isRecord(section) && METRICS.has(section['type'])) {
    problems.push(
      document.problem(
        [SECTION, 'type'],
        `${String(section['type'])} is not supported; ${CORRELATIONS.join(', ')} are`,
      ),
    )
    return { ok: false, problems }
  }
  const parsed = Section.safeParse(section)
  if (!parsed.success || !head.ok) {
    for (const issue of parsed.error?.issues ?? []) problems.push(...ofIssue(document, issue))
    return { ok: false, problems }
  }
  const { type, rules, 'group-by': group_by, aliases, timespan } = parsed.data
  const timespan_ms = timespanMs(timespan)
  if (timespan_ms === undefined)
    problems.push(
      document.problem([SECTION, 'timespan'], 'a timespan is 1s to 7d: a number and s, m, h or d'),
    )
  if (new Set(rules).size < rules.length)
    problems.push(document.problem([SECTION, 'rules'], 'a rule is named twice'))
  if ((type === 'temporal' || type === 'temporal_ordered') && rules.length < 2)
    problems.push(document.problem([SECTION, 'rules'], `${type} is about two rules or more`))
  const scalar = (path: Path, name: string): void => {
    const field = fieldOf(name, known)
    if (field === undefined) problems.push(document.problem(path, noField(name, known)))
    else if (field.kind === 'texts')
      problems.push(
        document.problem(
          path,
          `${name} is a list: a decision would be in several groups; group by a single value, such as subject.id`,
        ),
      )
  }
  for (const [index, name] of group_by.entries())
    if (!Object.hasOwn(aliases, name)) scalar([SECTION, 'group-by', index], name)
  for (const [alias, fields] of Object.entries(aliases))
    for (const [rule, name] of Object.entries(fields)) scalar([SECTION, 'aliases', alias, rule], name)
  const count = readCondition(document, type, parsed.data.condition, rules.length)
  if (typeof count === 'object' && 'counted' in count)
    for (const name of count.counted) scalar([SECTION, 'condition', 'field'], name)
  else problems.push(...count)
  if (problems.length > 0 || timespan_ms === undefined || !('counted' in count))
    return { ok: false, problems }
  return compiled({
    kind: 'correlation',
    document,
    head: head.value,
    type,
    rules,
    group_by,
    aliases,
    timespan_ms,
    ...count,
    generate: parsed.data.generate ?? document.value['generate'] === true,
  })
}

function readCondition(
  document: RuleDocument,
  type: CorrelationType,
  given: unknown,
  rules: number,
): { need: number; counted: readonly string[] } | readonly RuleProblem[] {
  const path = [SECTION, 'condition']
  const temporal = type === 'temporal' || type === 'temporal_ordered'
  if (temporal && given === undefined) return { need: 0, counted: [] }
  if (!isRecord(given)) return [document.problem(path, `${type} needs a condition, such as gte: 10`)]
  const problems: RuleProblem[] = []
  for (const key of Object.keys(given)) {
    if (key === 'gt' || key === 'gte' || (key === 'field' && type === 'value_count')) continue
    // As many rules as there are is as many as can be.
    if (key === 'eq' && temporal && given['eq'] === rules) continue
    const why = ['lt', 'lte', 'eq', 'neq'].includes(key) ? LATER : 'is not known here; gte and gt are'
    problems.push(document.keyProblem(path, key, `${key} ${why}`))
  }
  if (problems.length > 0) return problems
  const { gt, gte, eq, field } = given
  const bounds = [typeof gt === 'number' ? gt + 1 : gt, gte, eq].filter((bound) => bound !== undefined)
  const [need] = bounds
  const most = temporal ? rules : MOST_NEEDED
  if (bounds.length !== 1 || typeof need !== 'number' || !Number.isInteger(need) || need < 1 || need > most)
    problems.push(
      document.problem(
        path,
        `one of gte and gt says how many${temporal ? ' of its rules' : ''}: 1 to ${most}`,
      ),
    )
  else if (type === 'temporal_ordered' && need < rules)
    problems.push(
      document.problem(
        path,
        'an order is of all of its rules: leave the condition out, or ask for fewer rules',
      ),
    )
  const fields: readonly unknown[] = Array.isArray(field) ? field : [field]
  const counted = fields.filter((name) => typeof name === 'string')
  if (type === 'value_count' && (counted.length === 0 || counted.length < fields.length))
    problems.push(document.problem([...path, 'field'], 'field names the field whose values are counted'))
  if (problems.length > 0 || typeof need !== 'number') return problems
  return { need: temporal && need === rules ? 0 : need, counted }
}

/** `90s`, `15m`, `6h` or `1d` in ms. */
function timespanMs(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,7})([smhd])$/.exec(text) ?? []
  const ms = Number(digits) * (UNITS[unit] ?? 0)
  return ms > 0 && ms <= LONGEST_MS ? ms : undefined
}

function ofIssue(document: RuleDocument, issue: z.core.$ZodIssue): RuleProblem[] {
  const path: Path = [SECTION, ...issue.path.map((step) => (typeof step === 'symbol' ? '' : step))]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => document.keyProblem(path, key, `${key} is no key of ${SECTION}`))
  return [document.problem(path, `${path.join('.')}: ${issue.message}`)]
}
