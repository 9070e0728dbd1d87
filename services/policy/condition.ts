import { Environment } from '@marcbachmann/cel-js'
import type { ASTNode } from '@marcbachmann/cel-js'
import { grantsOf, type Grants } from './grants.ts'
import type { PolicyInputs } from './inputs.ts'

/** The variables of a condition and the types of their fields, which the checker holds conditions to. */
const VARIABLES: Readonly<Record<keyof PolicyInputs, Readonly<Record<string, string>>>> = {
  subject: {
    type: 'string',
    id: 'string',
    session_id: 'string',
    groups: 'list<string>',
    roles: 'list<string>',
    idp: 'string',
    acr: 'string',
    amr: 'list<string>',
    authentication_age_s: 'double',
  },
  device: { id: 'string', known: 'bool', managed: 'bool', os: 'string', posture: 'string', tier: 'string' },
  action: { name: 'string' },
  resource: {
    type: 'string',
    id: 'string',
    app: 'string',
    path: 'string',
    path_template: 'string',
    sensitivity: 'string',
    vars: 'map<string, string>',
  },
  context: {
    ip: 'string',
    host: 'string',
    method: 'string',
    user_agent: 'string',
    time: 'google.protobuf.Timestamp',
  },
  trust: { tier: 'string', session_tier: 'string', level: 'double' },
  risk: {
    score: 'double',
    level: 'string',
    age_ms: 'double',
    revoke: 'bool',
    withheld: 'bool',
    raised_age_s: 'double',
    source_score: 'double',
    source_level: 'string',
  },
}

/** A condition that was parsed and type-checked. */
export interface Condition {
  /** Throws what CEL throws: the caller denies. */
  holds(inputs: PolicyInputs): boolean
  /** Inputs that the condition can read, as `subject.groups`, in alphabetical order. */
  readonly reads: readonly string[]
  /** Groups and roles that it asks for by name. */
  readonly grants: Grants
  /** Holds whatever the inputs are: what stands after it is never reached. */
  readonly always: boolean
}

type CompiledCondition =
  | { readonly condition: Condition }
  /** `offset`: where in the text, in characters. */
  | { readonly message: string; readonly offset: number }

export type ConditionCompiler = (text: string) => CompiledCondition

/**
 * A compiler of conditions in CEL (Common Expression Language, cel.dev), the
 * language of Google's access levels. Only the variables above exist, and a
 * condition must come out as a bool. Costs about 1 µs a call at run time.
 */
export function conditionCompiler(): ConditionCompiler {
  const environment = new Environment({ unlistedVariablesAreDyn: false, limits: { maxAstNodes: 2000 } })
  for (const [name, schema] of Object.entries(VARIABLES)) environment.registerVariable({ name, schema })
  return (text) => {
    try {
      const program = environment.parse(text)
      const checked = program.check()
      if (!checked.valid) {
        return { message: firstLine(checked.error?.message), offset: checked.error?.range?.start ?? 0 }
      }
      if (checked.type !== 'bool') {
        return { message: `is a ${checked.type ?? 'value'}, a condition must be a bool`, offset: 0 }
      }
      const reads = new Set<string>()
      collectReads(program.ast, new Set(), reads)
      return {
        condition: {
          reads: [...reads].sort(),
          grants: grantsOf(program.ast),
          always: program.ast.op === 'value' && program.ast.args === true,
          holds(inputs) {
            const value: unknown = program(inputs)
            if (typeof value !== 'boolean') throw new TypeError(`condition gave a ${typeof value}`)
            return value
          },
        },
      }
    } catch (error) {
      const { message, range } = error instanceof Error ? withRange(error) : { message: String(error) }
      return { message: firstLine(message), offset: range?.start ?? 0 }
    }
  }
}

function withRange(error: Error): { message: string; range?: { start: number } } {
  const range: unknown = 'range' in error ? error.range : undefined
  if (typeof range === 'object' && range !== null && 'start' in range && typeof range.start === 'number') {
    return { message: error.message, range: { start: range.start } }
  }
  return { message: error.message }
}

function firstLine(message: string | undefined): string {
  return (message ?? 'is not a valid condition').split('\n', 1)[0] ?? ''
}

/** Walks the tree for `variable.field`; a variable that is used whole reads all of its fields. */
function collectReads(node: unknown, bound: ReadonlySet<string>, reads: Set<string>): void {
  if (Array.isArray(node)) {
    for (const member of node) collectReads(member, bound, reads)
    return
  }
  if (!isNode(node)) return
  if (node.op === '.' || node.op === '.?') {
    const [target, field] = node.args
    if (target.op === 'id' && fieldsOf(target.args)?.[field] !== undefined && !bound.has(target.args)) {
      reads.add(`${target.args}.${field}`)
      return
    }
    collectReads(target, bound, reads)
    return
  }
  if (node.op === 'id') {
    const fields = bound.has(node.args) ? undefined : fieldsOf(node.args)
    for (const field of Object.keys(fields ?? {})) reads.add(`${node.args}.${field}`)
    return
  }
  collectReads(node.args, bound, reads)
}

function fieldsOf(name: string): Readonly<Record<string, string>> | undefined {
  return Object.entries(VARIABLES).find(([known]) => known === name)?.[1]
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
