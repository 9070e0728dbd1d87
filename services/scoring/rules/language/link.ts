import type { CorrelationType, Correlation } from './correlation.ts'
import { fieldOf, type Field, type knownFields } from './fields.ts'
import { compiled, refused, type Compiled } from './problem.ts'
import type { Rule } from './rule.ts'

export type AnyRule = Rule | Correlation

/** A rule of single decisions, in the tree of a correlation or by itself. */
export interface Leaf {
  readonly kind: 'leaf'
  readonly rule: string
}

/** A correlation with what it refers to. */
export interface Branch {
  readonly kind: 'branch'
  readonly name: string
  readonly type: CorrelationType
  readonly timespan_ms: number
  readonly need: number
  readonly parts: readonly Part[]
}

export interface Part {
  readonly node: Leaf | Branch
  /** Paths whose values make the group, when this part matches. */
  readonly group: readonly string[]
  /** Of `value_count`: paths whose values are counted. */
  readonly counted: readonly string[]
}

const MOST_DEPTH = 5

/** Finds rules by id or name. */
export type Lookup = (reference: string) => AnyRule | undefined

/** Looks up what a correlation refers to, and that in its turn. */
export function link(
  correlation: Correlation,
  lookup: Lookup,
  known: ReturnType<typeof knownFields>,
  above: readonly string[] = [],
): Compiled<Branch> {
  const { document, head, rules, timespan_ms, need, type } = correlation
  const at = (index: number) =>
    Array.isArray(sectionRules(correlation)) ? ['correlation', 'rules', index] : ['correlation', 'rules']
  const trail = [...above, head.name]
  const parts: Part[] = []
  for (const [index, reference] of rules.entries()) {
    const found = lookup(reference)
    if (found === undefined)
      return refused(
        document.problem(
          at(index),
          `there is no rule ${reference} that can be used; name one by its name or id, and mend it where it is named above`,
        ),
      )
    if (trail.includes(found.head.name))
      return refused(
        document.problem(at(index), `${trail.join(' > ')} > ${found.head.name} refer to each other`),
      )
    if (trail.length >= MOST_DEPTH)
      return refused(
        document.problem(at(index), `correlations of correlations are more than ${MOST_DEPTH} deep`),
      )
    const paths = pathsOf(correlation, found, reference, known)
    if (!paths.ok) return paths
    if (found.kind === 'rule') {
      parts.push({ node: { kind: 'leaf', rule: found.head.name }, ...paths.value })
      continue
    }
    const inner = link(found, lookup, known, trail)
    if (!inner.ok)
      return refused(
        document.problem(at(index), `${reference} can't be used: ${inner.problems[0]?.reason ?? ''}`),
      )
    parts.push({ node: inner.value, ...paths.value })
  }
  return compiled({ kind: 'branch', name: head.name, type, timespan_ms, need, parts })
}

/** What a correlation groups by and counts, in the fields of one of its rules. */
function pathsOf(
  { document, group_by, counted, aliases }: Correlation,
  found: AnyRule,
  reference: string,
  known: ReturnType<typeof knownFields>,
): Compiled<{ group: string[]; counted: string[] }> {
  const names = namesOf(found)
  const resolve = (name: string): Field | undefined => {
    if (!Object.hasOwn(aliases, name)) return fieldOf(name, known)
    const fields = aliases[name] ?? {}
    const key = Object.keys(fields).find((each) => each === reference || names.includes(each))
    return key === undefined ? undefined : fieldOf(fields[key] ?? '', known)
  }
  const missing = [...group_by, ...counted].find((name) => resolve(name) === undefined)
  if (missing !== undefined)
    return refused(
      document.problem(
        ['correlation', 'aliases', missing],
        `the alias ${missing} says nothing of ${reference}`,
      ),
    )
  const paths = (some: readonly string[]) => some.flatMap((name) => resolve(name)?.path ?? [])
  return compiled({ group: paths(group_by), counted: paths(counted) })
}

/** By what others refer to a rule. */
export function namesOf({ document, head }: AnyRule): string[] {
  const { name } = document.value
  return [head.name, ...(head.id === undefined ? [] : [head.id]), ...(typeof name === 'string' ? [name] : [])]
}

/** Every leaf of a tree, each once. */
export function leavesOf(node: Leaf | Branch): string[] {
  if (node.kind === 'leaf') return [node.rule]
  return [...new Set(node.parts.flatMap((part) => leavesOf(part.node)))]
}

/** Every field whose values a tree needs when a leaf of it matches. */
export function pathsOfLeaf(node: Leaf | Branch, leaf: string): string[] {
  if (node.kind === 'leaf') return []
  const paths = node.parts.flatMap(({ node: inner, group, counted }) =>
    leavesOf(inner).includes(leaf) ? [...group, ...counted, ...pathsOfLeaf(inner, leaf)] : [],
  )
  return [...new Set(paths)]
}

function sectionRules({ document }: Correlation): unknown {
  const { correlation } = document.value
  return typeof correlation === 'object' && correlation !== null && 'rules' in correlation
    ? correlation.rules
    : undefined
}
