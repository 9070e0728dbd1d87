import { expect, it } from 'vitest'
import { secondsOf } from '../../../../services/gateway/risk/risk-age.ts'

it('an age in seconds is infinite while nothing is known, so that every bound is passed', () => {
  expect(secondsOf(1500)).toBe(1.5)
  expect(secondsOf(Number.MAX_SAFE_INTEGER)).toBe(Infinity)
})
