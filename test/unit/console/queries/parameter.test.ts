import { expect, it } from 'vitest'
import {
  parameterType,
  parameterValue,
  type ParameterType,
} from '../../../../services/console/queries/parameter.ts'

it.each([
  ['String', 'text'],
  ['UInt64', 'integer'],
  ['Int8', 'integer'],
  ['Float64', 'number'],
  ["DateTime64(3, 'UTC')", 'instant'],
  ['DateTime64(3)', 'instant'],
  ['Bool', 'flag'],
  ['Identifier', null],
  ['Array(String)', null],
  ['String) OR (1', null],
])('a parameter of type %s takes %s', (engine, type) => {
  expect(parameterType(engine)).toBe(type)
})

const NOW = Date.UTC(2026, 0, 31)

it.each<[ParameterType, string, string | null]>([
  ['text', `'; DROP TABLE x --`, `'; DROP TABLE x --`],
  ['text', 'x'.repeat(1001), null],
  ['integer', '-12', '-12'],
  ['integer', '1e9', null],
  ['integer', '12; SELECT', null],
  ['number', '1.5', '1.5'],
  ['number', 'NaN', null],
  ['flag', 'true', 'true'],
  ['flag', '1', null],
  ['instant', '2026-01-31T09:30:00.123Z', '1769851800.123'],
  ['instant', 'now', '1769817600.000'],
  ['instant', 'now-7d', '1769212800.000'],
  ['instant', 'now-90m', '1769812200.000'],
  ['instant', 'now+1d', null],
  ['instant', '1969-12-31T00:00:00Z', null],
  ['instant', 'soon', null],
])('of a %s, %j becomes %j', (type, text, value) => {
  expect(parameterValue({ type, choices: [] }, text, NOW)).toBe(value)
})

it('of several choices, only one of them is taken', () => {
  const parameter = { type: 'text', choices: ['a', 'b'] } as const
  expect([parameterValue(parameter, 'b', NOW), parameterValue(parameter, 'c', NOW)]).toEqual(['b', null])
})
