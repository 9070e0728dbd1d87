import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { formatProblem } from '../../../services/scoring/rules/language/problem.ts'
import { compileRules, type RuleSet } from '../../../services/scoring/rules/language/rule-set.ts'
import { playRules, type RulesPlayed } from '../../../services/scoring/rules/play-rules.ts'
import { testEnrich } from './play.ts'

/** Rules of one file, which must have no mistake. */
export function rulesOf(text: string, file = 'rules.yml'): RuleSet {
  const set = compileRules([{ file, text }])
  if (set.problems.length > 0) throw new Error(set.problems.map(formatProblem).join('\n'))
  return set
}

/** The mistakes of one file, as they are shown. */
export function problemsOf(text: string): string[] {
  return compileRules([{ file: 'r.yml', text }]).problems.map(formatProblem)
}

/** A rule of single decisions, given its section `detection` in flow style. */
export function ruleText(detection: string, more = ''): string {
  return `title: A rule\nname: it\nlogsource: { product: gatewatch }\ndetection: ${detection}\n${more}`
}

const enrich = testEnrich()

export function scoredOf(decision: Decision, scores: Record<string, number> = {}): ScoredDecision {
  return { decision, enrichment: enrich(decision), scores }
}

/** Plays decisions through both stages of rules, in the order given. */
export function playStory(set: RuleSet, decisions: readonly Decision[], mostADay = 10): RulesPlayed {
  return playRules({ set, mostADay, groups: 10_000 })(decisions.map((decision) => scoredOf(decision)))
}

/** Who was found, by which rule. */
export function foundBy(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ detector, entity }) => `${detector.id} ${entity.id}`))]
}

export async function temporaryDirectory(closing: (close: () => Promise<void>) => void): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-rules-'))
  closing(() => rm(directory, { recursive: true, force: true }))
  return directory
}
