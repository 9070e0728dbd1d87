import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { formatPath } from './problem.ts'
import type { PolicyProblem } from './problem.ts'
import { keyPosition, positionOf } from './yaml-position.ts'

/** A policy of a thousand routes is some 300 KiB; more than this is no policy. */
const MAX_BYTES = 2_097_152

/** A YAML file that remembers where each of its values stands. */
export interface Source {
  readonly file: string
  /** Mistakes of the YAML itself; when there are any, `value` is undefined. */
  readonly problems: readonly PolicyProblem[]
  readonly value: unknown
  /** Names the place of a value; of a missing one, the place of what should hold it. `offset` counts characters into a one-line string. */
  problem(path: readonly PropertyKey[], message: string, offset?: number): PolicyProblem
  /** Names the places of what a zod schema found wrong. */
  schemaProblems(error: z.ZodError): PolicyProblem[]
}

/** Parses YAML and keeps its positions. Aliases are limited, duplicate keys are mistakes. */
export function parseSource(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const place = (position: number) => {
    const { line, col } = lines.linePos(position)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const problem = (path: readonly PropertyKey[], message: string, offset?: number): PolicyProblem => ({
    ...place(positionOf(document, path, offset)),
    path: formatPath(path),
    message,
  })
  const problems: PolicyProblem[] = document.errors.map((error) => ({
    ...place(error.pos[0]),
    path: '',
    message: error.message,
  }))
  let value: unknown
  if (text.length > MAX_BYTES) {
    problems.push(problem([], `the file is larger than ${MAX_BYTES} bytes`))
  } else if (problems.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: 100 })
    } catch (error) {
      problems.push(problem([], error instanceof Error ? error.message : String(error)))
    }
  }
  return { file, problems, value, problem, schemaProblems: (error) => error.issues.flatMap(ofIssue) }

  function ofIssue(issue: z.core.$ZodIssue): PolicyProblem[] {
    if (issue.code !== 'unrecognized_keys') return [problem(issue.path, issue.message)]
    return issue.keys.map((key) => ({
      ...place(keyPosition(document, issue.path, key)),
      path: formatPath([...issue.path, key]),
      message: 'is not a known key',
    }))
  }
}
