import { describe, expect, it } from 'vitest'
import { hash32 } from '../../../../../services/scoring/state/hash.ts'
import { TenantPopulation } from '../../../../../services/scoring/state/population/tenant-population.ts'

const DAY = 86_400_000
const AT = Date.parse('2026-01-01T00:00:00.000Z')

describe('population', () => {
  it('counts values, forgets by decay, and comes back from what was stored', () => {
    const stored = new Map<string, Uint8Array>()
    const population = new TenantPopulation((part) => stored.get(part))
    for (let index = 0; index < 30; index++) population.add('asn', hash32(`AS${index % 3}`), AT)
    expect(population.count('asn', hash32('AS1'), AT)).toBe(10)
    expect(population.total('asn', AT)).toBe(30)
    expect(population.distinct('asn')).toBe(3)
    expect(population.count('prefix', hash32('AS1'), AT)).toBe(0)
    for (const [name, part] of population.changed()) stored.set(name, part.encode())
    const again = new TenantPopulation((part) => stored.get(part))
    expect(again.count('asn', hash32('AS1'), AT + 45 * DAY)).toBeCloseTo(5, 5)
    expect([...again.changed()]).toEqual([])
  })

  it('knows three subjects of a prefix for 30 days, and a fourth changes nothing', () => {
    const population = new TenantPopulation(() => undefined)
    const prefix = hash32('192.0.2.0/24')
    for (const [index, who] of ['a', 'a', 'b', 'c', 'd'].entries()) {
      population.use(prefix, hash32(who), AT + index * 1000)
      expect(population.usersOf(prefix, AT + 5000)).toBe([1, 1, 2, 3, 3][index])
    }
    expect(population.usersOf(prefix, AT + 31 * DAY)).toBe(0)
  })

  it('tells a late copy by its number, boot by boot, also from what was stored, and forgets the boot that is quiet longest', () => {
    const stored = new Map<string, Uint8Array>()
    const first = new TenantPopulation((part) => stored.get(part))
    expect([0, 3, 4].map((seq) => first.isFirst('boot-a', seq, AT))).toEqual([true, true, true])
    expect(first.isFirst('boot-b', 1, AT + 1000)).toBe(true)
    for (const [name, part] of first.changed()) stored.set(name, part.encode())
    const population = new TenantPopulation((part) => stored.get(part))
    expect([0, 3, 4].map((seq) => population.isFirst('boot-a', seq, AT))).toEqual([false, false, false])
    expect(population.isFirst('boot-b', 1, AT)).toBe(false)
    expect([...population.changed()]).toEqual([])
    expect(population.isFirst('boot-a', 5, AT)).toBe(true)
    for (let n = 0; n < 31; n++) expect(population.isFirst(`other-${n}`, 0, AT + 2000)).toBe(true)
    expect(population.isFirst('boot-b', 1, AT + 3000)).toBe(false)
    expect(population.isFirst('boot-a', 5, AT + 3000)).toBe(true)
  })

  it('stays within its bounds whatever comes', () => {
    const population = new TenantPopulation(() => undefined)
    for (let index = 0; index < 20_000; index++) {
      population.add('prefix', hash32(`p${index}`), AT)
      population.use(hash32(`p${index}`), 1, AT)
    }
    expect([...population.changed()].length).toBeLessThanOrEqual(97)
  })
})
