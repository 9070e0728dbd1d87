import { readFileSync, statSync } from 'node:fs'
import { LineCounter, isCollection, isMap, isScalar, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { isRecord } from '../../schemas/record.ts'
import { ConfigError } from './config-problem.ts'
import type { ConfigProblem } from './config-problem.ts'
import { applyVariables, readVariables } from './config-variables.ts'
import type { Variable } from './config-variables.ts'

export interface ConfigSources {
  /** A YAML file; without one, the variables and the defaults make the configuration. */
  readonly file?: string | undefined
  /** What holds where neither file nor variable say anything, in place of the schema's own default. */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** `GATEWATCH_GATEWAY__PORT=8088` sets `gateway.port`; a variable wins over the file. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Variables that begin with GATEWATCH_ and are no settings (`GATEWATCH_CONFIG`). */
  readonly reserved?: readonly string[]
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

const MAX_FILE_BYTES = 1024 * 1024

/** A setting with such a name holds a secret: it comes from a variable, or from a file that `…_file` names. */
const SECRET_NAME = /(^|_)(password|secret|token|private_key|api_key|routing_key)$/

/**
 * Reads one YAML file and the `GATEWATCH_…` variables, and validates them as a
 * whole. Throws a `ConfigError` that lists every mistake with file, line and
 * path; no message holds a value, since a value may be a secret.
 */
export function loadConfig<S extends z.ZodType>(schema: S, sources: ConfigSources): z.output<S> {
  const file = sources.file === undefined ? emptyFile() : readConfigFile(sources.file)
  const variables = readVariables(sources.env, sources.reserved ?? [])
  const problems = [...file.problems, ...secretsInFile(file)]
  if (file.problems.length > 0) throw new ConfigError(problems)

  const base = withDefaults(file.value, sources.defaults ?? {})
  let parsed = schema.safeParse(applyVariables(base, variables))
  if (!parsed.success) {
    // A variable is text: where text is wrong, its meaning as a YAML scalar (a number, a list) may be right.
    const touched = touchedBy(parsed.error.issues, variables)
    if (touched.size > 0) parsed = schema.safeParse(applyVariables(base, variables, touched))
  }
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((i) => locate(i, file, variables)))
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems)
  return parsed.data
}

interface ConfigFile {
  readonly name: string
  readonly value: unknown
  readonly document: Document | null
  readonly lines: LineCounter
  readonly problems: readonly ConfigProblem[]
}

function emptyFile(): ConfigFile {
  return { name: 'configuration', value: {}, document: null, lines: new LineCounter(), problems: [] }
}

function readConfigFile(name: string): ConfigFile {
  const failed = (message: string): ConfigFile => ({
    ...emptyFile(),
    name,
    problems: [{ source: name, line: null, path: '', message }],
  })
  let text: string
  try {
    if (statSync(name).size > MAX_FILE_BYTES) return failed('is larger than 1 MiB')
    text = readFileSync(name, 'utf8')
  } catch (error) {
    return failed(`can't be read (${errorCode(error)}); name an existing file with --config`)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  // The parser's own texts may quote the source, which may hold a secret: only the code is told.
  const problems = document.errors.map((error) => ({
    source: name,
    line: lines.linePos(error.pos[0]).line,
    path: '',
    message: error.code === 'DUPLICATE_KEY' ? 'this key stands twice' : `is no valid YAML (${error.code})`,
  }))
  if (problems.length > 0) return { ...failed(''), problems }
  try {
    return { name, value: document.toJS() ?? {}, document, lines, problems: [] }
  } catch {
    return failed('has more aliases than a configuration needs')
  }
}

/** `value` with what it lacks taken from `defaults`, section by section. */
function withDefaults(value: unknown, defaults: unknown): unknown {
  if (value === undefined) return defaults
  if (!isRecord(value) || !isRecord(defaults)) return value
  const merged: Record<string, unknown> = { ...value }
  for (const [key, member] of Object.entries(defaults))
    merged[key] = withDefaults(Object.hasOwn(value, key) ? value[key] : undefined, member)
  return merged
}

function secretsInFile(file: ConfigFile): ConfigProblem[] {
  const found: ConfigProblem[] = []
  const walk = (value: unknown, path: string[]): void => {
    if (typeof value !== 'object' || value === null || path.length > 16) return
    for (const [key, member] of Object.entries(value)) {
      const here = [...path, key]
      if (SECRET_NAME.test(key) && member !== null && typeof member !== 'object')
        found.push({
          source: file.name,
          line: lineOf(file, here),
          path: here.join('.'),
          message: `a secret may not stand in the configuration file; set ${variableName(here)} or name a file with ${key}_file`,
        })
      walk(member, here)
    }
  }
  walk(file.value, [])
  return found
}

function variableName(path: Path): string {
  return `GATEWATCH_${path.map(String).join('__').toUpperCase()}`
}

function touchedBy(issues: readonly Issue[], variables: readonly Variable[]): Set<Variable> {
  return new Set(variables.filter((v) => issues.some((issue) => startsWith(issue.path, v.path))))
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((segment, i) => String(path[i]) === segment)
}

function locate(issue: Issue, file: ConfigFile, variables: readonly Variable[]): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => at([...issue.path, key], 'is no known setting', file, variables))
  return [at(issue.path, issue.message, file, variables)]
}

function at(path: Path, message: string, file: ConfigFile, variables: readonly Variable[]): ConfigProblem {
  const variable =
    variables.find((v) => startsWith(path, v.path)) ??
    (standsIn(file, path) ? undefined : variables.find((v) => startsWith(v.path, path)))
  if (variable) {
    // What lies below the variable's own setting was made from its text, so its name may be the secret.
    const known = path.slice(0, variable.path.length)
    return { source: variable.name, line: null, path: known.map(String).join('.'), message }
  }
  const dotted = path.map(String).join('.')
  return { source: file.name, line: lineOf(file, path), path: dotted, message }
}

function standsIn(file: ConfigFile, path: Path): boolean {
  return file.document?.hasIn(path.map(String)) ?? false
}

/** Line of the key at `path`, or of the nearest enclosing one. */
function lineOf(file: ConfigFile, path: Path): number | null {
  let node: unknown = file.document?.contents
  let offset: number | undefined
  for (const segment of path) {
    if (!isCollection(node)) break
    const name = String(segment)
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === name)
      : undefined
    if (pair && isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
    const next: unknown = pair ? pair.value : node.get(isMap(node) ? name : Number(segment), true)
    if (next === undefined) break
    if (!pair && isScalar(next)) offset = next.range?.[0] ?? offset
    if (!pair && isCollection(next)) offset = next.range?.[0] ?? offset
    node = next
  }
  if (offset === undefined) return file.document === null ? null : 1
  return file.lines.linePos(offset).line
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
}
