import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipv4Number, ipv4Text } from '../../../../services/scoring/state/ipv4.ts'

describe('an IPv4 address as a number', () => {
  it('gives the documented figures', () => {
    expect(ipv4Number('192.0.2.10')).toBe(3_221_225_994)
    expect(ipv4Text(3_221_225_994)).toBe('192.0.2.10')
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(address === '0.0.0.0' || ipv4Text(ipv4Number(address)) === address).toBe(true)
      }),
    )
  })

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1..2.3',
    '.1.2.3',
    '1.2.3.',
    '::1',
    'a.b.c.d',
    ' 1.2.3.4',
  ])('is 0 for %j', (text) => {
    expect(ipv4Number(text)).toBe(0)
  })
})
