import { compileDetection } from './detection.ts'
import { fieldOf, noField, type knownFields } from './fields.ts'
import { foreignLogsource, readHead, type RuleHead } from './head.ts'
import type { Test } from './match-field.ts'
import { compiled, type Compiled, type RuleProblem } from './problem.ts'
import type { RuleDocument } from './source.ts'

/** A rule about single decisions. */
export interface Rule {
  readonly kind: 'rule'
  readonly document: RuleDocument
  readonly head: RuleHead
  readonly test: Test
  /** Paths of the fields that `test` looks at. */
  readonly reads: ReadonlySet<string>
}

/** Compiles a Sigma detection rule. */
export function compileRule(
  document: RuleDocument,
  fallback: string,
  known: ReturnType<typeof knownFields>,
): Compiled<Rule> {
  const reads = new Set<string>()
  const head = readHead(document, fallback)
  const test = compileDetection({ document, known, reads })
  const foreign = foreignLogsource(document)
  const problems = [
    ...(head.ok ? unknownFields(document, head.value, known) : head.problems),
    ...(foreign === undefined ? [] : [foreign]),
    ...(test.ok ? [] : test.problems),
  ]
  if (!head.ok || !test.ok || problems.length > 0) return { ok: false, problems }
  return compiled({ kind: 'rule', document, head: head.value, test: test.value, reads })
}

/** Fields to show that there are not. */
export function unknownFields(
  document: RuleDocument,
  { fields }: RuleHead,
  known: ReturnType<typeof knownFields>,
): RuleProblem[] {
  return fields.flatMap((name, index) => {
    if (fieldOf(name, known) !== undefined) return []
    return [document.problem(['fields', index], noField(name, known))]
  })
}
