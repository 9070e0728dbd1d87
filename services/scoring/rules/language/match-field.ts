import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import { cidrMatcher } from './cidr.ts'
import { fieldOf, noField, type Field, type knownFields } from './fields.ts'
import { readModifiers, type Modifiers } from './modifiers.ts'
import { allOf, compiled, refused, type Compiled, type RuleProblem } from './problem.ts'
import { RegexError } from './regex/parse.ts'
import { regexMatcher } from './regex/match.ts'
import type { Path, RuleDocument } from './source.ts'
import { hasWildcard, MOST_PATTERN, parseTextPattern, textMatcher, widened } from './text-pattern.ts'
import { timePart } from './time-part.ts'

/** Whether a decision is as a part of a rule says. */
export type Test = (scored: ScoredDecision) => boolean

/** What compiling a rule needs to know, and which fields it read. */
export interface Compiling {
  readonly document: RuleDocument
  readonly known: ReturnType<typeof knownFields>
  /** Paths of all fields that the rule looks at. */
  readonly reads: Set<string>
}

type ScalarTest = (value: unknown) => boolean

const MOST_VALUES = 10_000
const NO_NULL = 'null is no member of a list: give it a search identifier of its own'

/** Compiles `field|modifiers: value or values`. */
export function compileField(compiling: Compiling, path: Path, key: string, given: unknown): Compiled<Test> {
  const { document } = compiling
  const here = (reason: string): Compiled<never> => refused(document.keyProblem(path, key, reason))
  const [name = '', ...names] = key.split('|')
  if (name === '')
    return here('search words without a field are not supported: a decision has fields, and no message')
  const field = compiledField(compiling, name)
  if (typeof field === 'string') return here(field)
  const modifiers = readModifiers(names)
  if (typeof modifiers === 'string') return here(modifiers)
  const wrong = misfit(field, modifiers)
  if (wrong !== undefined) return here(wrong)

  const values: readonly unknown[] = Array.isArray(given) ? given : [given]
  const place = (index: number): Path => (Array.isArray(given) ? [...path, key, index] : [...path, key])
  if (values.length === 0) return here(`${name} has no value`)
  if (values.length > MOST_VALUES) return here(`more than ${MOST_VALUES} values`)
  if (modifiers.all && values.length === 1) return here('all asks for several values')
  if (given === null) return absent(modifiers, field, here)
  if (modifiers.how === 'exists') {
    if (typeof given !== 'boolean') return refused(document.problem(place(0), 'exists is true or false'))
    return compiled((scored) => (field.read(scored) !== undefined) === given)
  }
  if (modifiers.how === 'fieldref') return compileReference(compiling, place(0), field, modifiers, values)

  const tests = allOf(
    values.map((value, index) =>
      compileValue(field, modifiers, value, (reason, offset) =>
        document.problem(place(index), reason, offset),
      ),
    ),
  )
  return tests.ok ? compiled(together(reading(field, modifiers), modifiers, tests.value)) : tests
}

function compiledField({ known, reads }: Compiling, name: string): Field | string {
  const field = fieldOf(name, known)
  if (field !== undefined) {
    reads.add(field.path)
    return field
  }
  return noField(name, known)
}

/** Why a field can't be asked so. */
function misfit({ path, kind }: Field, { how, part }: Modifiers): string | undefined {
  if (part !== undefined) return kind === 'instant' ? undefined : `${path} is no instant`
  if (how === 'lt' || how === 'lte' || how === 'gt' || how === 'gte')
    return kind === 'number' || kind === 'open' ? undefined : `${path} is no number`
  if ((how === 'cidr' || how === 're') && (kind === 'number' || kind === 'boolean'))
    return `${path} is no text`
  return undefined
}

function absent(
  modifiers: Modifiers,
  field: Field,
  here: (reason: string) => Compiled<never>,
): Compiled<Test> {
  const { how, before, after, all, part } = modifiers
  if (how !== 'equal' || before || after || all || part !== undefined)
    return here('null can only stand by itself')
  return compiled((scored) => (field.read(scored) === undefined) !== modifiers.negated)
}

/** A field beside another one. */
function compileReference(
  compiling: Compiling,
  path: Path,
  field: Field,
  { cased, negated }: Modifiers,
  values: readonly unknown[],
): Compiled<Test> {
  const [name] = values
  const problem = (reason: string): Compiled<never> => refused(compiling.document.problem(path, reason))
  if (typeof name !== 'string' || values.length > 1) return problem('fieldref names one field')
  const other = compiledField(compiling, name)
  if (typeof other === 'string') return problem(other)
  const fold = (value: unknown): string => (cased ? String(value) : String(value).toLowerCase())
  return compiled((scored) => {
    const [mine, its] = [field.read(scored), other.read(scored)]
    if (mine === undefined || its === undefined) return false
    return (fold(mine) === fold(its)) !== negated
  })
}

function compileValue(
  field: Field,
  modifiers: Modifiers,
  value: unknown,
  problem: (reason: string, offset?: number) => RuleProblem,
): Compiled<ScalarTest> {
  const { how } = modifiers
  if (value === null) return refused(problem(NO_NULL))
  if (!isScalar(value)) return refused(problem('a value is a text, a number, true or false'))
  if (how === 'lt' || how === 'lte' || how === 'gt' || how === 'gte')
    return typeof value === 'number'
      ? compiled(compare(how, value))
      : refused(problem(`${how} compares with a number`))
  if (modifiers.part !== undefined)
    return typeof value === 'number'
      ? compiled((part) => part === value)
      : refused(problem('a number should stand here'))
  const text = String(value)
  if (text.length > MOST_PATTERN)
    return refused(problem(`a value is at most ${MOST_PATTERN} characters long`))
  if (how === 'cidr') {
    const within = cidrMatcher(text)
    if (within === undefined)
      return refused(problem(`${text} is no range of addresses, such as 192.0.2.0/24`))
    return compiled((address) => typeof address === 'string' && within(address))
  }
  if (how === 're') return compileRegex(text, modifiers, problem)
  if (field.kind === 'boolean' && typeof value !== 'boolean')
    return refused(problem(`${field.path} is true or false`))
  const { before, after } = modifiers
  const pattern = widened(parseTextPattern(text), { before, after })
  if (field.values !== undefined && !hasWildcard(pattern) && !hasFolded(field.values, text, modifiers.cased))
    return refused(problem(`${field.path} is never ${text}; it is one of ${field.values.join(', ')}`))
  if (field.kind === 'number' && !hasWildcard(pattern)) {
    if (text.trim() === '' || Number.isNaN(Number(text))) return refused(problem(`${field.path} is a number`))
    const wanted = Number(text)
    return compiled((number) => number === wanted)
  }
  const matches = textMatcher(pattern, modifiers.cased)
  return compiled((scalar) => isScalar(scalar) && matches(String(scalar)))
}

function compileRegex(
  text: string,
  { flags }: Modifiers,
  problem: (reason: string, offset?: number) => RuleProblem,
): Compiled<ScalarTest> {
  try {
    const matches = regexMatcher(text, flags)
    return compiled((scalar) => typeof scalar === 'string' && matches(scalar))
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    return refused(problem(error.message, error.offset))
  }
}

function compare(how: 'lt' | 'lte' | 'gt' | 'gte', limit: number): ScalarTest {
  const than = {
    lt: (value: number) => value < limit,
    lte: (value: number) => value <= limit,
    gt: (value: number) => value > limit,
    gte: (value: number) => value >= limit,
  }[how]
  return (value) => typeof value === 'number' && than(value)
}

/** The values that tests are asked about: the members of a list, or the one value. */
function reading({ read }: Field, { part }: Modifiers): (scored: ScoredDecision) => readonly unknown[] {
  return (scored) => {
    const value = read(scored)
    if (value === undefined) return NOTHING
    if (part === undefined) return Array.isArray(value) ? value : [value]
    const number = timePart(value, part)
    return number === undefined ? NOTHING : [number]
  }
}

const NOTHING: readonly unknown[] = []

/** One of the values is enough unless `all`; each may be any member of a list. `neq`: none of it. */
function together(
  read: (scored: ScoredDecision) => readonly unknown[],
  { all, negated }: Modifiers,
  tests: readonly ScalarTest[],
): Test {
  const asked = (values: readonly unknown[]): boolean =>
    all ? tests.every((test) => values.some(test)) : values.some((value) => tests.some((test) => test(value)))
  return (scored) => asked(read(scored)) !== negated
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function hasFolded(values: readonly string[], text: string, cased: boolean): boolean {
  return values.some((value) => (cased ? value === text : value.toLowerCase() === text.toLowerCase()))
}
