import { LineCounter, parseAllDocuments, type Document } from 'yaml'
import { isRecord } from '../../../../schemas/record.ts'
import { keyPosition, positionOf } from '../../../policy/yaml-position.ts'
import type { RuleProblem } from './problem.ts'

/** A rule is a page; a file of many rules some dozens. */
export const MOST_FILE_BYTES = 262_144
const MOST_DOCUMENTS = 200
const MOST_ALIASES = 100
const TOO_MANY_ALIASES = Symbol('too many aliases')

/** Steps from the root of a document to a value. */
export type Path = readonly (string | number)[]

/** One YAML document of a rule file, which remembers where each of its values stands. */
export interface RuleDocument {
  readonly file: string
  readonly value: Readonly<Record<string, unknown>>
  /** Names the place of a value; of a missing one, the place of what should hold it. `offset` counts characters into a one-line text. */
  problem(path: Path, reason: string, offset?: number): RuleProblem
  /** Names the place of a key. */
  keyProblem(path: Path, key: string, reason: string): RuleProblem
}

/** Reads a rule file: YAML, one document or several. A document that is no YAML is named, and the others are read. */
export function readDocuments(
  text: string,
  file: string,
): { readonly documents: readonly RuleDocument[]; readonly problems: readonly RuleProblem[] } {
  const lines = new LineCounter()
  const at = (position: number, reason: string): RuleProblem => {
    const { line, col } = lines.linePos(position)
    return { file, line: Math.max(1, line), column: Math.max(1, col), reason }
  }
  if (Buffer.byteLength(text) > MOST_FILE_BYTES)
    return { documents: [], problems: [at(0, `the file is larger than ${MOST_FILE_BYTES} bytes`)] }
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const documents: RuleDocument[] = []
  const problems: RuleProblem[] = []
  if (parsed.length > MOST_DOCUMENTS)
    return { documents, problems: [at(0, `the file holds more than ${MOST_DOCUMENTS} documents`)] }
  for (const document of parsed) {
    const [error] = document.errors
    if (error !== undefined) {
      // The parser says only that its stack was too small.
      const isDeep = error.message.startsWith('Maximum call stack')
      problems.push(at(error.pos[0], isDeep ? 'nests too deep' : error.message))
      continue
    }
    const value = valueOf(document)
    if (value === null) continue
    if (value === TOO_MANY_ALIASES) {
      problems.push(at(0, `aliases stand for more than ${MOST_ALIASES} values, or nest too deep`))
      continue
    }
    if (!isRecord(value)) {
      problems.push(at(document.contents?.range?.[0] ?? 0, 'a rule is a map of keys and values'))
      continue
    }
    documents.push({
      file,
      value,
      problem: (path, reason, offset) => at(positionOf(document, path, offset), reason),
      keyProblem: (path, key, reason) => at(keyPosition(document, path, key), reason),
    })
  }
  return { documents, problems }
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch {
    return TOO_MANY_ALIASES
  }
}
