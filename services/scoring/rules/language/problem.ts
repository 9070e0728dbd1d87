/** Why a rule can't be used. Line and column count from 1. */
export interface RuleProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly reason: string
}

/** `file:line:column: reason`, the form that editors jump to. */
export function formatProblem({ file, line, column, reason }: RuleProblem): string {
  return `${file}:${line}:${column}: ${reason}`
}

/** What one step of the compiler gives: a value, or why there is none. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] }

export function compiled<T>(value: T): Compiled<T> {
  return { ok: true, value }
}

export function refused(...problems: readonly RuleProblem[]): Compiled<never> {
  return { ok: false, problems }
}

/** All values, or all problems. */
export function allOf<T>(parts: readonly Compiled<T>[]): Compiled<readonly T[]> {
  const problems = parts.flatMap((part) => (part.ok ? [] : part.problems))
  if (problems.length > 0) return { ok: false, problems }
  return compiled(parts.flatMap((part) => (part.ok ? [part.value] : [])))
}
