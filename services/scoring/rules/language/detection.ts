import { isRecord } from '../../../../schemas/record.ts'
import { parseCondition } from './condition.ts'
import { RuleConditionError } from './condition-error.ts'
import { conditionTest } from './match-condition.ts'
import { compileField, type Compiling, type Test } from './match-field.ts'
import { allOf, compiled, refused, type Compiled } from './problem.ts'
import type { Path } from './source.ts'

const DETECTION = 'detection'
const CONDITION = 'condition'
const MOST_NAMES = 100

/** Compiles the section `detection` of a rule: search identifiers, and the condition over them. */
export function compileDetection(compiling: Compiling): Compiled<Test> {
  const { document } = compiling
  const detection = document.value[DETECTION]
  if (!isRecord(detection))
    return refused(document.problem([DETECTION], 'detection is a map of search identifiers'))
  const names = Object.keys(detection).filter((name) => name !== CONDITION && name !== 'timeframe')
  if ('timeframe' in detection)
    return refused(
      document.keyProblem(
        [DETECTION],
        'timeframe',
        'timeframe is no part of Sigma 2: write a correlation rule',
      ),
    )
  if (names.length > MOST_NAMES)
    return refused(document.problem([DETECTION], `more than ${MOST_NAMES} search identifiers`))
  const tests = new Map<string, Test>()
  const identifiers = allOf(
    names.map((name) => {
      const test = compileIdentifier(compiling, [DETECTION, name], detection[name])
      if (test.ok) tests.set(name, test.value)
      return test
    }),
  )
  const conditions = compileConditions(
    compiling,
    detection[CONDITION],
    names,
    (name) => tests.get(name) ?? never,
  )
  if (identifiers.ok) return conditions
  return { ok: false, problems: [...identifiers.problems, ...(conditions.ok ? [] : conditions.problems)] }
}

const never: Test = () => false

/** A condition, or several of which one is enough. */
function compileConditions(
  { document }: Compiling,
  given: unknown,
  names: readonly string[],
  testOf: (name: string) => Test,
): Compiled<Test> {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given]
  const place = (index: number): Path =>
    Array.isArray(given) ? [DETECTION, CONDITION, index] : [DETECTION, CONDITION]
  if (texts.length === 0) return refused(document.problem([DETECTION, CONDITION], 'there is no condition'))
  const tests = allOf(
    texts.map((text, index): Compiled<Test> => {
      // A search identifier may be called 1, and YAML reads that as a number.
      if (typeof text !== 'string' && typeof text !== 'number')
        return refused(
          document.problem(
            place(index),
            text === undefined ? 'there is no condition' : 'a condition is a text',
          ),
        )
      try {
        return compiled(conditionTest(parseCondition(String(text), names), testOf))
      } catch (error) {
        if (!(error instanceof RuleConditionError)) throw error
        return refused(document.problem(place(index), error.message, error.offset))
      }
    }),
  )
  return tests.ok ? compiled((scored) => tests.value.some((test) => test(scored))) : tests
}

/** A map, all of whose fields must match, or a list of maps, one of which must. */
function compileIdentifier(compiling: Compiling, path: Path, given: unknown): Compiled<Test> {
  const { document } = compiling
  if (isRecord(given)) return compileMap(compiling, path, given)
  if (!Array.isArray(given) || given.length === 0)
    return refused(document.problem(path, 'a search identifier is a map of fields, or a list of such maps'))
  const maps = allOf(
    given.map((part: unknown, index): Compiled<Test> =>
      isRecord(part)
        ? compileMap(compiling, [...path, index], part)
        : refused(
            document.problem(
              [...path, index],
              'search words without a field are not supported: a decision has fields, and no message',
            ),
          ),
    ),
  )
  return maps.ok ? compiled((scored) => maps.value.some((test) => test(scored))) : maps
}

function compileMap(
  compiling: Compiling,
  path: Path,
  map: Readonly<Record<string, unknown>>,
): Compiled<Test> {
  const keys = Object.keys(map)
  if (keys.length === 0) return refused(compiling.document.problem(path, 'this map names no field'))
  const fields = allOf(keys.map((key) => compileField(compiling, path, key, map[key])))
  return fields.ok ? compiled((scored) => fields.value.every((test) => test(scored))) : fields
}
