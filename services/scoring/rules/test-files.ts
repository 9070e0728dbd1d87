import { z } from 'zod'
import { parseDecision } from '../../../schemas/decision.ts'
import {
  Enrichment,
  NOTHING_LOOKED_UP,
  Scores,
  type ScoredDecision,
} from '../../../schemas/scored-decision.ts'
import { isRecord } from '../../../schemas/record.ts'
import { durationMs } from '../../runtime/duration.ts'
import type { RuleFile, RuleSet } from './language/rule-set.ts'
import { playRules } from './play-rules.ts'

/** Where every story begins. */
const EPOCH_MS = Date.parse('2026-01-05T09:00:00.000Z')
const MOST_LINES = 10_000
/** In messages. */
const RULE = 'many-refusals.yml'
const Pause = z.string().regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: 'must be a duration such as 30s or 5m' })
const Facts = z.record(z.string(), z.unknown())

/** One line of a file of tests; `services/scoring/rules/README.md` explains it. */
const Line = z.strictObject({
  case: z.string().min(1).max(256).optional(),
  decision: Facts,
  enrichment: z
    .strictObject({ source: Facts.optional(), user_agent: Facts.optional(), resource: Facts.optional() })
    .prefault({}),
  scores: Scores.default({}),
  match: z.union([z.boolean(), z.array(z.string()).min(1)]),
  repeat: z.int().min(1).max(10_000).default(1),
  every: Pause.default('1s'),
  after: Pause.default('1s'),
})

/** What became of one story of a file of tests. */
export interface CaseResult {
  readonly file: string
  readonly name: string
  /** What was not as it should be, with file and line; none: it passed. */
  readonly failures: readonly string[]
}

export interface TestedRules {
  readonly results: readonly CaseResult[]
  /** Lines that can't be read. */
  readonly mistakes: readonly string[]
  /** Rules without a story in which they come about, or without one in which they don't. */
  readonly untested: readonly string[]
}

const NOWHERE: Enrichment = { ...NOTHING_LOOKED_UP, resource: { sensitivity: 'medium' } }

/** The file of tests that belongs to a file of rules. */
function testFileOf(file: string): string {
  return file.replace(/\.ya?ml$/, '.test.jsonl')
}

/** Plays the stories of all files of tests through both stages, each with nothing known before. */
export function testRules(set: RuleSet, tests: readonly RuleFile[]): TestedRules {
  const results: CaseResult[] = []
  const mistakes: string[] = []
  const shown = new Map<string, Set<boolean>>()
  for (const test of tests) {
    const own = [...set.told.values()].filter(({ file }) => testFileOf(file) === test.file)
    const names = own.map(({ head }) => head.name)
    if (names.length === 0)
      mistakes.push(
        `${test.file}: there is no rule in force beside it that tells anything; name it after the file of the rule, of ${RULE} ${testFileOf(RULE)}`,
      )
    else for (const result of casesOf(set, names, test, mistakes, shown)) results.push(result)
  }
  const untested = [...set.told.keys()].filter((name) => shown.get(name)?.size !== 2)
  return { results, mistakes, untested }
}

function* casesOf(
  set: RuleSet,
  names: readonly string[],
  { file, text }: RuleFile,
  mistakes: string[],
  shown: Map<string, Set<boolean>>,
): Generator<CaseResult> {
  let play = playRules({ set, mostADay: 1_000_000, groups: 100_000 })
  let story: { name: string; failures: string[] } | undefined
  let atMs = EPOCH_MS
  for (const [index, one] of text.split('\n', MOST_LINES).entries()) {
    if (one.trim() === '' || one.startsWith('#')) continue
    const place = `${file}:${index + 1}`
    const line = readLine(one)
    if (typeof line === 'string') {
      mistakes.push(`${place}: ${line}`)
      continue
    }
    if (line.case !== undefined || story === undefined) {
      if (story !== undefined) yield { file, ...story }
      story = { name: line.case ?? 'the first story', failures: [] }
      play = playRules({ set, mostADay: 1_000_000, groups: 100_000 })
      atMs = EPOCH_MS
    }
    const wanted = line.match === true ? names : line.match === false ? [] : line.match
    const unknown = wanted.find((name) => !names.includes(name))
    if (unknown !== undefined) {
      mistakes.push(
        `${place}: there is no rule ${unknown} beside it; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`,
      )
      continue
    }
    const given = line.decision['decided_at']
    for (let count = 1; count <= line.repeat; count++) {
      const stated = count === 1 && typeof given === 'string' ? Date.parse(given) : NaN
      atMs = Number.isNaN(stated) ? atMs + durationMs(count === 1 ? line.after : line.every) : stated
      const scored = scoredOf(line, `${index + 1}-${count}`, atMs)
      if (typeof scored === 'string') {
        mistakes.push(`${place}: ${scored}`)
        break
      }
      const { fired } = play([scored])
      for (const name of names) {
        const should = count === line.repeat && wanted.includes(name)
        if (fired.has(name) !== should)
          story.failures.push(
            `${place}${line.repeat > 1 ? `, time ${count}` : ''}: ${name} ${should ? 'should match and does not' : 'matches and should not'}`,
          )
        const seen = shown.get(name) ?? new Set<boolean>()
        shown.set(name, seen.add(should))
      }
    }
  }
  if (story !== undefined) yield { file, ...story }
}

function readLine(text: string): z.infer<typeof Line> | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'is no JSON; write one object a line, such as {"decision": {"outcome": "deny"}, "match": true}'
  }
  const parsed = Line.safeParse(json)
  return parsed.success ? parsed.data : problemOf(parsed.error)
}

/** A decision of a story: what the line does not say is alice, who reads something and may. */
function scoredOf(
  { decision, enrichment, scores }: z.infer<typeof Line>,
  id: string,
  atMs: number,
): ScoredDecision | string {
  const subject = isRecord(decision['subject']) ? decision['subject'] : {}
  const resource = isRecord(decision['resource']) ? decision['resource'] : {}
  const parsed = parseDecision({
    schema_version: 1,
    id: `test-${id}`,
    outcome: 'permit',
    action: { name: 'read' },
    ...decision,
    decided_at: new Date(atMs).toISOString(),
    subject: { type: 'user', id: 'alice', ...subject },
    resource: { type: 'http', id: '/', ...resource },
  })
  if (!parsed.success) return `decision: ${problemOf(parsed.error)}`
  const facts = Enrichment.safeParse({
    source: { ...NOWHERE.source, ...enrichment.source },
    user_agent: { ...NOWHERE.user_agent, ...enrichment.user_agent },
    resource: { ...NOWHERE.resource, ...enrichment.resource },
  })
  if (!facts.success) return `enrichment: ${problemOf(facts.error)}`
  return { decision: parsed.data, enrichment: facts.data, scores }
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? 'is not as it should be' : `${issue.path.join('.')}: ${issue.message}`
}
