import { hash } from 'node:crypto'
import { compileCorrelation } from './correlation.ts'
import { fieldOf, knownFields, type Field } from './fields.ts'
import type { RuleEntity, RuleHead } from './head.ts'
import { leavesOf, link, namesOf, pathsOfLeaf, type AnyRule, type Branch, type Leaf } from './link.ts'
import type { Test } from './match-field.ts'
import type { Compiled, RuleProblem } from './problem.ts'
import { compileRule } from './rule.ts'
import { readDocuments, type RuleDocument } from './source.ts'

/** A file of rules: its path below the directory of rules, with `/`, and its text. */
export interface RuleFile {
  readonly file: string
  readonly text: string
}

/** A rule that findings come from: one about single decisions, or the uppermost correlation of a tree. */
export interface ToldRule {
  readonly head: RuleHead
  readonly file: string
  readonly tree: Leaf | Branch
  /** What its findings are about. */
  readonly entity: RuleEntity
  /** Changes when what is counted in its windows does: then they begin anew. */
  readonly edition: string
}

/** For whom a rule of single decisions is matched, and what of the decision each needs. */
export interface MatchedFor {
  readonly told: ToldRule
  readonly fields: readonly Field[]
}

export interface MatchedRule {
  readonly name: string
  readonly test: Test
  /** It asks for the outcome, which our own feedback may have caused. */
  readonly of_outcome: boolean
  readonly for: readonly MatchedFor[]
}

/** All rules that are in force together. */
export interface RuleSet {
  /** Of the texts: 16 hexadecimal digits of their SHA-256. */
  readonly version: string
  readonly files: readonly RuleFile[]
  readonly matched: readonly MatchedRule[]
  readonly told: ReadonlyMap<string, ToldRule>
  readonly correlations: number
  readonly problems: readonly RuleProblem[]
}

const MOST_RULES = 1000

/** What a finding is about, where a correlation groups by one of these first. */
const ENTITY_OF: Readonly<Record<string, RuleEntity>> = {
  'subject.id': 'subject',
  'subject.session_id': 'session',
  'device.id': 'device',
  'context.ip': 'source',
  'source.prefix': 'source',
  'resource.id': 'resource',
  'resource.app': 'resource',
  'policy.rule_id': 'policy_rule',
  'pep.id': 'pep',
}

/**
 * Compiles the rules of all files. Pure: equal files, equal rules. A rule that
 * can't be compiled is named among the problems with line and reason, and what
 * refers to it too; all others are in the set.
 */
export function compileRules(files: readonly RuleFile[]): RuleSet {
  const known = knownFields()
  const problems: RuleProblem[] = []
  const rules = new Map<string, AnyRule>()
  const byName = new Map<string, AnyRule>()
  for (const { file, text } of files) {
    const read = readDocuments(text, file)
    problems.push(...read.problems)
    for (const [index, document] of read.documents.entries()) {
      const rule = compileDocument(document, fallbackName(document, index), known)
      if (!rule.ok) {
        problems.push(...rule.problems)
        continue
      }
      const taken = namesOf(rule.value).find((name) => byName.has(name))
      if (taken !== undefined)
        problems.push(
          document.problem([], `${byName.get(taken)?.document.file ?? ''} has a rule ${taken} already`),
        )
      else if (rules.size >= MOST_RULES) problems.push(document.problem([], `more than ${MOST_RULES} rules`))
      else {
        rules.set(rule.value.head.name, rule.value)
        for (const name of namesOf(rule.value)) byName.set(name, rule.value)
      }
    }
  }
  const trees = linkAll(rules, (reference) => byName.get(reference), known, problems)
  const told = tellers(rules, trees)
  return {
    version: versionOf(files),
    files,
    matched: matchedFor(rules, told, known),
    told,
    correlations: [...rules.values()].filter(({ kind }) => kind === 'correlation').length,
    problems,
  }
}

/** Of texts in force: the same for the same texts, in whatever order. */
export function versionOf(files: readonly RuleFile[]): string {
  const sorted = files.map(({ file, text }) => [file, text]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  return hash('sha256', JSON.stringify(sorted), 'hex').slice(0, 16)
}

function compileDocument(
  document: RuleDocument,
  fallback: string,
  known: ReturnType<typeof knownFields>,
): Compiled<AnyRule> {
  if ('correlation' in document.value) return compileCorrelation(document, fallback, known)
  if ('filter' in document.value)
    return {
      ok: false,
      problems: [
        document.keyProblem(
          [],
          'filter',
          'filters are not supported: the specification and its tools disagree on what a condition keeps; write the exception into the rule',
        ),
      ],
    }
  return compileRule(document, fallback, known)
}

/** The name of the file for its first rule, the title for others. */
function fallbackName({ file, value }: RuleDocument, index: number): string {
  if (index > 0) return typeof value['title'] === 'string' ? value['title'] : ''
  return (file.split('/').at(-1) ?? file).replace(/\.ya?ml$/, '')
}

/** Trees of all correlations that can be used. */
function linkAll(
  rules: Map<string, AnyRule>,
  lookup: (reference: string) => AnyRule | undefined,
  known: ReturnType<typeof knownFields>,
  problems: RuleProblem[],
): Map<string, Leaf | Branch> {
  const trees = new Map<string, Leaf | Branch>()
  for (const [name, rule] of rules) {
    if (rule.kind === 'rule') {
      trees.set(name, { kind: 'leaf', rule: name })
      continue
    }
    const tree = link(rule, lookup, known)
    if (tree.ok) trees.set(name, tree.value)
    else problems.push(...tree.problems)
  }
  return trees
}

/** What is referred to is a part, and tells nothing by itself, unless `generate` says so; nor does an informational rule. */
function tellers(
  rules: Map<string, AnyRule>,
  trees: ReadonlyMap<string, Leaf | Branch>,
): Map<string, ToldRule> {
  const parts = new Set<string>()
  for (const rule of rules.values()) {
    if (rule.kind === 'rule' || rule.generate || !trees.has(rule.head.name)) continue
    for (const other of rules.values())
      if (namesOf(other).some((name) => rule.rules.includes(name))) parts.add(other.head.name)
  }
  const told = new Map<string, ToldRule>()
  for (const [name, tree] of trees) {
    const rule = rules.get(name)
    if (rule === undefined || parts.has(name) || rule.head.level === 'informational') continue
    const entity = rule.head.entity ?? entityOf(tree)
    told.set(name, {
      head: rule.head,
      file: rule.document.file,
      tree,
      entity,
      edition: editionOf(tree, rules),
    })
  }
  return told
}

function matchedFor(
  rules: ReadonlyMap<string, AnyRule>,
  told: ReadonlyMap<string, ToldRule>,
  known: ReturnType<typeof knownFields>,
): MatchedRule[] {
  const matched: MatchedRule[] = []
  for (const [name, rule] of rules) {
    if (rule.kind !== 'rule') continue
    const { test, reads } = rule
    const of_outcome =
      (reads.has('outcome') || reads.has('reasons') || reads.has('would_be')) && !reads.has('caused_by')
    const wanted = [...told.values()]
      .filter(({ tree }) => leavesOf(tree).includes(name))
      .map((one) => ({
        told: one,
        fields: [...new Set([...pathsOfLeaf(one.tree, name), ...one.head.fields])].flatMap(
          (path) => fieldOf(path, known) ?? [],
        ),
      }))
    // An informational rule tells nothing, and how often it matches is counted all the same.
    matched.push({ name, test, of_outcome, for: wanted })
  }
  return matched
}

/** What a correlation groups by first, where that is the same in all of its rules. */
function entityOf(tree: Leaf | Branch): RuleEntity {
  const firsts =
    tree.kind === 'branch' ? new Set(tree.parts.map(({ group }) => group[0] ?? '')) : new Set<string>()
  const [first] = firsts
  return (firsts.size === 1 ? ENTITY_OF[first ?? ''] : undefined) ?? 'subject'
}

/** Hash of the tree and of what its leaves match. */
function editionOf(tree: Leaf | Branch, rules: ReadonlyMap<string, AnyRule>): string {
  const leaves = leavesOf(tree).map((name) => rules.get(name)?.document.value['detection'])
  return hash('sha256', JSON.stringify([tree, leaves]), 'hex').slice(0, 16)
}
