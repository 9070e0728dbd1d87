import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { accepts } from '../../schemas/accepts.ts'
import { Decision, decisionKey, parseDecision } from '../../schemas/decision.ts'
import { GatewatchError } from '../runtime/errors.ts'
import { inputError, jsonOf, linesOf } from './lines.ts'

/** A decision as it stands in the file, and what an evaluation needs of it. */
export interface DecisionLine {
  readonly decision: Decision
  readonly key: string
  readonly at_ms: number
  readonly bytes: Uint8Array
  /** Where it stands, for errors. */
  readonly line: number
}

/** Scoring reads no larger record. */
const MOST_BYTES = 262_144
const NAMES = ['decisions.jsonl', 'decisions.jsonl.gz']
const whole = accepts(Decision)

/** The file of decisions in a directory. */
export function decisionsFile(directory: string): { readonly path: string; readonly bytes: number } {
  const found = NAMES.map((name) => join(directory, name)).filter((path) => existsSync(path))
  const [path] = found
  if (path === undefined || found.length > 1) {
    const names = path === undefined ? `neither ${NAMES.join(' nor ')}` : `both ${NAMES.join(' and ')}`
    throw new GatewatchError('ERR_EVALUATE_INPUT', `${directory} holds ${names}.`)
  }
  return { path, bytes: statSync(path).size }
}

/**
 * Reads decisions in the order of the file, which is the order in which they
 * arrive: late ones may stand where they came. Checked line by line; the first
 * bad one ends it.
 */
export async function* readDecisions(
  path: string,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<readonly DecisionLine[]> {
  for await (const lines of linesOf(path, read)) {
    yield lines.map((line) => {
      if (line.bytes.length > MOST_BYTES)
        throw inputError(path, line.number, `is longer than ${MOST_BYTES.toLocaleString('en')} bytes`)
      const decision = decisionOf(path, line.number, jsonOf(path, line))
      const at_ms = Date.parse(decision.decided_at)
      if (Number.isNaN(at_ms)) throw inputError(path, line.number, 'decided_at: there is no such day')
      return { decision, key: decisionKey(decision), at_ms, bytes: line.bytes, line: line.number }
    })
  }
}

function decisionOf(path: string, line: number, value: unknown): Decision {
  if (isWhole(value)) return value
  const parsed = parseDecision(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') ?? ''
  throw inputError(path, line, `${where === '' ? '' : `${where}: `}${issue?.message ?? 'is no decision'}`)
}

/** Nearly every decision needs nothing filled in, and is used as it is; else zod is asked. */
function isWhole(value: unknown): value is Decision {
  return whole(value)
}
