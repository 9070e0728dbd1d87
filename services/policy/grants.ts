import type { ASTNode } from '@marcbachmann/cel-js'

/** Groups and roles that a condition asks for by name. */
export interface Grants {
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

/** What joins tests, and is none itself. */
const JOINS = new Set(['||', '&&', '?:'])

/**
 * The names that a condition compares groups or roles with, in alphabetical
 * order: those of `'sales' in subject.groups`, and of `exists` over a list. A
 * test that is negated grants nothing, and neither does one that builds a name
 * out of parts.
 *
 * @example grantsOf of `'sales' in subject.groups && !('guests' in subject.groups)` is { groups: ['sales'], roles: [] }
 */
export function grantsOf(ast: unknown): Grants {
  const groups = new Set<string>()
  const roles = new Set<string>()
  collect(ast, groups, roles)
  return { groups: [...groups].sort(), roles: [...roles].sort() }
}

function collect(node: unknown, groups: Set<string>, roles: Set<string>): void {
  if (!isNode(node)) return
  if (node.op === '!_') return
  if (JOINS.has(node.op)) {
    for (const member of listOf(node.args)) collect(member, groups, roles)
    return
  }
  const into = reads(node, 'groups') ? groups : reads(node, 'roles') ? roles : null
  if (into !== null) for (const name of textsOf(node)) into.add(name)
}

function reads(node: unknown, field: string): boolean {
  if (Array.isArray(node)) return node.some((member) => reads(member, field))
  if (!isNode(node)) return false
  if (node.op === '.') {
    const [target, name] = listOf(node.args)
    if (isNode(target) && target.op === 'id' && target.args === 'subject' && name === field) return true
  }
  return reads(node.args, field)
}

function textsOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap((member) => textsOf(member))
  if (!isNode(node)) return []
  return node.op === 'value' ? (typeof node.args === 'string' ? [node.args] : []) : textsOf(node.args)
}

function listOf(args: unknown): readonly unknown[] {
  return Array.isArray(args) ? args : [args]
}

function isNode(value: unknown): value is Pick<ASTNode, 'op' | 'args'> {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
