import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { Enrichment } from '../../../../schemas/scored-decision.ts'
import { parseAddress } from '../../../../services/scoring/enrich/address.ts'
import {
  find,
  openAutonomousSystems,
  readRanges,
  type AutonomousSystemOf,
} from '../../../../services/scoring/enrich/asn.ts'
import { openCity, type PlaceOf } from '../../../../services/scoring/enrich/city.ts'
import { enricher } from '../../../../services/scoring/enrich/enrich.ts'
import { Lru } from '../../../../services/scoring/enrich/lru.ts'
import { NAMED, networkKindOf } from '../../../../services/scoring/enrich/network-kind.ts'
import { readNetworksFile } from '../../../../services/scoring/enrich/networks-file.ts'
import { sensitivityOf } from '../../../../services/scoring/enrich/sensitivity.ts'
import { parseUserAgent } from '../../../../services/scoring/enrich/user-agent.ts'
import {
  CHROME,
  CLOUD_IP,
  decisionOf,
  FIREFOX,
  OFFICE_IP,
  testEnrich,
} from '../../../support/scoring/play.ts'

describe('addresses', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0/24', 4],
    ['::ffff:192.0.2.77', '192.0.2.0/24', 4],
    ['2001:db8:1:2ff:3::4', '2001:db8:1:200::/56', 6],
  ])('%s is of %s', (text, prefix, version) => {
    expect(parseAddress(text)).toMatchObject({ prefix, version })
  })

  it('in plain form are what the library makes of them, and only four numbers up to 255 are', () => {
    const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '01', '0', '00', '1a', ' 1', '0x1'))
    fc.assert(
      fc.property(fc.array(part, { minLength: 3, maxLength: 5 }), (parts) => {
        const text = parts.join('.')
        const known = ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : null
        const parsed = parseAddress(text)
        if (known === null) return
        expect(parsed).toMatchObject({ text: known.toString(), reserved: known.range() !== 'unicast' })
      }),
    )
    for (const text of ['1.2.3.256', '1.2.3.4.5', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.4 '])
      expect(parseAddress(text)).toBeNull()
  })

  it('never throw, and have a prefix within its bound', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        expect(parseAddress(text)?.prefix.length ?? 0).toBeLessThanOrEqual(64)
      }),
    )
  })
})

describe('the tables that ship with the package', () => {
  let placeOf: PlaceOf
  let autonomousSystemOf: AutonomousSystemOf
  beforeAll(async () => {
    ;[placeOf, autonomousSystemOf] = await Promise.all([openCity(), openAutonomousSystems()])
  })
  const enrich = (ip: string) =>
    enricher({ placeOf, autonomousSystemOf })(decisionOf('alice', 0, { context: { ip } })).source

  it('place an IPv4 and an IPv6 address, with a radius by how fine the answer is', () => {
    expect(enrich('8.8.8.8')).toMatchObject({
      country: 'US',
      asn: 15169,
      network_kind: 'hosting',
      accuracy_km: 50,
    })
    expect(enrich('2001:4860:4860::8888')).toMatchObject({ asn: 15169, prefix: '2001:4860:4860::/56' })
  })

  it('say nothing of addresses that are not on the internet', () => {
    for (const ip of ['127.0.0.1', '10.1.2.3', '192.0.2.1', 'fe80::1', '100.64.0.1']) {
      expect(enrich(ip)).toMatchObject({ network_kind: 'private', latitude: null, asn: 0 })
    }
  })

  it('give facts within the bounds of the contract, for any address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
        const given = enricher({ placeOf, autonomousSystemOf })(decisionOf('alice', 0, { context: { ip } }))
        expect(Enrichment.safeParse(given).success).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('still name the operators of our own list', async () => {
    const { readFile } = await import('node:fs/promises')
    const { createRequire } = await import('node:module')
    const names = new Map<number, string>()
    const csv = await readFile(createRequire(import.meta.url).resolve('@ip-location-db/asn/asn-ipv4-num.csv'))
    readRanges(csv, names, false)
    const wrong = NAMED.flatMap(({ operator, asns }) =>
      asns
        .filter((asn) => !(names.get(asn) ?? '').toLowerCase().includes(operator.toLowerCase()))
        .map((asn) => `AS${asn} is ${names.get(asn)}, not ${operator}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('tables of autonomous systems', () => {
  it('find the range that holds an address, quoted names and gaps included', () => {
    const names = new Map<number, string>()
    const csv = '10,19,1,One\n20,29,2,"Two, ""the"" second"\nbroken\n40,49,3,Three'
    const ranges = readRanges(new TextEncoder().encode(csv), names, false)
    expect([9, 10, 19, 20, 29, 30, 39, 40, 49, 50].map((at) => find(ranges, at, 0))).toEqual([
      0, 1, 1, 2, 2, 0, 0, 3, 3, 0,
    ])
    expect(names.get(2)).toBe('Two, "the" second')
  })
})

describe('kinds of networks', () => {
  it.each([
    [16509, 'Amazon.com, Inc.', 'hosting'],
    [64500, 'Example Hosting GmbH', 'hosting'],
    [64500, 'Example Mobile Networks', 'mobile'],
    [22351, 'Intelsat', 'satellite'],
    [64294, 'Panasonic Avionics Corporation', 'inflight'],
    [64500, 'Example In-Flight Connectivity', 'inflight'],
    [64500, 'Example Telecom', 'access'],
    [0, '', 'unknown'],
  ] as const)('AS%d %s is %s', (asn, name, kind) => {
    expect(networkKindOf(asn, name)).toBe(kind)
  })
})

describe('user agents', () => {
  it.each([
    [CHROME, 'Chrome', '140', 'Windows'],
    [FIREFOX, 'Firefox', '140', 'Linux'],
    ['curl/8.5.0', 'curl', '8', ''],
    ['', '', '', ''],
  ])('%s', (text, family, major, os) => {
    expect(parseUserAgent(text)).toMatchObject({ family, major, os })
  })

  it('of any text are within the bounds of the contract', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2048 }), (text) => {
        expect(Enrichment.shape.user_agent.safeParse(parseUserAgent(text)).success).toBe(true)
      }),
    )
  })
})

describe("the operator's networks", () => {
  it('come first, and a shared one is corporate', () => {
    const enrich = testEnrich()
    const at = (ip: string) => enrich(decisionOf('alice', 0, { context: { ip } })).source
    expect(at(OFFICE_IP)).toMatchObject({ city: 'Berlin', asn: 64501, network_kind: 'corporate' })
    expect(at(CLOUD_IP)).toMatchObject({ network_kind: 'hosting' })
  })

  it('with mistakes are refused, every mistake named with its path', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'gatewatch-networks-')), 'networks.yaml')
    await writeFile(
      file,
      'networks:\n  - {cidr: 300.1.2.0/24}\n  - {cidr: 192.0.2.0/24, latitude: 95, colour: red}\n',
    )
    expect(() => readNetworksFile(file)).toThrow(/networks\[0\]\.cidr[\s\S]*networks\[1\]/)
    expect(() => readNetworksFile(`${file}.missing`)).toThrow("can't be read")
  })
})

describe('sensitivity', () => {
  const rules = [{ app: 'hr', resource_prefix: '/payroll', sensitivity: 'high' as const }]
  it.each([
    [{ type: 'http', id: '/x', sensitivity: 'low' as const }, 'low'],
    [{ type: 'http', id: '/payroll/7', app: 'hr' }, 'high'],
    [{ type: 'http', id: '/payroll/7', app: 'wiki' }, 'medium'],
  ])('%j is %s', (resource, expected) => {
    expect(sensitivityOf(resource, rules)).toBe(expected)
  })
})

describe('the cache of answers', () => {
  it('is bounded and keeps what is used', () => {
    const cache = new Lru<number, number>(100)
    for (let index = 0; index < 10_000; index++) {
      cache.set(index, index)
      cache.get(0)
    }
    expect(cache.size).toBeLessThanOrEqual(100)
    expect(cache.get(0)).toBe(0)
    expect(cache.get(5000)).toBeUndefined()
  })
})
