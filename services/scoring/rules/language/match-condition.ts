import type { Condition } from './condition.ts'

/** Turns a condition into a test, given the test of each search identifier. */
export function conditionTest<T>(
  condition: Condition,
  testOf: (name: string) => (value: T) => boolean,
): (value: T) => boolean {
  if (condition.kind === 'name') return testOf(condition.name)
  if (condition.kind === 'not') {
    const part = conditionTest(condition.part, testOf)
    return (value) => !part(value)
  }
  const parts = condition.parts.map((part) => conditionTest(part, testOf))
  return condition.kind === 'and'
    ? (value) => parts.every((part) => part(value))
    : (value) => parts.some((part) => part(value))
}
