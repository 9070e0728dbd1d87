import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromStoreInstant, toStoreInstant } from '../../../schemas/clickhouse/instant.ts'
import { instant } from '../../support/events/decision-arbitrary.ts'

describe('instants', () => {
  it('go to the store and come back', () => {
    fc.assert(
      fc.property(instant, (text) => {
        expect(fromStoreInstant(toStoreInstant(text) ?? '')).toBe(text)
      }),
    )
  })

  it.each([
    ['2026-02-30T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z'],
    ['2106-01-01T00:00:00.000Z'],
    ['now'],
  ])('%s can not be stored', (text) => {
    expect(toStoreInstant(text)).toBeNull()
  })
})
