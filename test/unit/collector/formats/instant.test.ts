import { describe, expect, it } from 'vitest'
import { instantReader } from '../../../../services/collector/formats/instant.ts'

describe('instants as products write them', () => {
  it.each([
    ['2026-03-01T09:00:00.310+01:00', '2026-03-01T08:00:00.310Z'],
    ['2026-03-01 08:00:00Z', '2026-03-01T08:00:00.000Z'],
    ['2026-03-01T08:00:00.123456789Z', '2026-03-01T08:00:00.123Z'],
    [1_772_352_000, '2026-03-01T08:00:00.000Z'],
    [1_772_352_000.5, '2026-03-01T08:00:00.500Z'],
    ['1772352000.123', '2026-03-01T08:00:00.123Z'],
    [1_772_352_000_123, '2026-03-01T08:00:00.123Z'],
    ['1772352000123456', '2026-03-01T08:00:00.123Z'],
    ['1772352000123456789', '2026-03-01T08:00:00.123Z'],
  ])('%s is %s', (written, instant) => {
    const instants = instantReader('Asia/Tokyo')
    expect(instants.read(written)).toBe(instant)
    expect(instants.assumedZone()).toBe(false)
  })

  it('an instant without a zone is of the zone that was given, and the reader says so', () => {
    const instants = instantReader('Europe/Berlin')
    expect(instants.read('2026-07-01T10:00:00')).toBe('2026-07-01T08:00:00.000Z')
    expect(instants.read('2026-03-01T10:00:00')).toBe('2026-03-01T09:00:00.000Z')
    expect(instants.assumedZone()).toBe(true)
  })

  it.each([
    ['yesterday'],
    ['2026-02-30T00:00:00Z'],
    ['2026-02-30T00:00:00+01:00'],
    ['2026-03-01T24:00:01Z'],
    [''],
    [7],
    [-1_772_352_000],
    [Infinity],
    [null],
    [{}],
    ['2026'],
  ])('%s is none', (written) => {
    expect(instantReader('UTC').read(written)).toBeNull()
  })
})
