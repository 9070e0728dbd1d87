import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openDecisionRows, UnstorableError } from '../../../schemas/clickhouse/decision-row.ts'
import { fromStoreInstant, toStoreInstant } from '../../../schemas/clickhouse/instant.ts'
import { instant, scoredDecision } from '../../support/decision-arbitrary.ts'

const rows = openDecisionRows()

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

describe('a decision as a row', () => {
  it('is refused, by the name of its column, when a field is missing or of another kind', () => {
    const [scored] = fc.sample(scoredDecision, { numRuns: 1, seed: 1 })
    if (!scored) throw new Error('no sample')
    const broken = { ...scored, decision: { ...scored.decision, decided_at: '2026-02-30T00:00:00.000Z' } }
    expect(() => rows.toRow(broken, 0)).toThrow(new UnstorableError('decided_at'))
    const wrong = JSON.parse(JSON.stringify({ ...scored, decision: { ...scored.decision, latency_us: 1.5 } }))
    expect(() => rows.toRow(wrong, 0)).toThrow(new UnstorableError('latency_us'))
    const lacking = JSON.parse(JSON.stringify({ ...scored, decision: { ...scored.decision, action: {} } }))
    expect(() => rows.toRow(lacking, 0)).toThrow(new UnstorableError('action_name'))
  })
})
