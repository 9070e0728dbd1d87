import { describe, expect, it } from 'vitest'
import { accessScored } from '../../../../schemas/topics.ts'
import { Calibrators } from '../../../../services/scoring/calibration/calibrators.ts'
import { sampleScored } from '../../../support/events/samples.ts'

const DETECTORS = {
  subject: [{ id: 'rare', version: 1, thresholds: { medium: 2, high: 4 } }],
  source: [],
}
const DECIDED = '2026-01-05T07:00:00.000Z'

function hourAfter(calibrators: Calibrators, origin: 'live' | 'import'): number | undefined {
  const scored = sampleScored({ id: 'd-1', origin, decided_at: DECIDED })
  calibrators.take(accessScored, { value: Buffer.from(JSON.stringify(scored)) })
  return [...calibrators.tenants][0]?.[1].hour
}

describe('the calibrators of all tenants', () => {
  it('learn from live decisions; from imported history where they are asked to', () => {
    const hour = Date.parse(DECIDED) / 3_600_000
    expect(hourAfter(new Calibrators(DETECTORS, 9), 'live')).toBe(hour)
    expect(hourAfter(new Calibrators(DETECTORS, 9), 'import')).toBeUndefined()
    expect(hourAfter(new Calibrators(DETECTORS, 9, true, true), 'import')).toBe(hour)
  })
})
