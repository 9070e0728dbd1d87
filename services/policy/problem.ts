/** One mistake in a policy file. Line and column count from 1. */
export interface PolicyProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Where in the document: `routes[2].rules[0].when`; empty for the document itself. */
  readonly path: string
  readonly message: string
}

/** `file:line:column: path: message`, the form that editors jump to. */
export function formatProblem(problem: PolicyProblem): string {
  const at = `${problem.file}:${problem.line}:${problem.column}`
  return problem.path === '' ? `${at}: ${problem.message}` : `${at}: ${problem.path}: ${problem.message}`
}

/** `['routes', 2, 'host']` as `routes[2].host`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? String(step) : `.${String(step)}`
  }
  return text
}
