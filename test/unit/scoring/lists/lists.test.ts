import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { ListsConfig } from '../../../../services/scoring/lists/config.ts'
import { parseNetwork, wordsOf } from '../../../../services/scoring/lists/network.ts'
import { NetworkSetBuilder } from '../../../../services/scoring/lists/network-set.ts'
import { readPlainList } from '../../../../services/scoring/lists/plain.ts'
import { networksOfPattern } from '../../../../services/scoring/lists/stix-pattern.ts'
import { readStixBundle } from '../../../../services/scoring/lists/stix.ts'
import { parseAddress } from '../../../../services/scoring/enrich/address.ts'

const NOW = Date.parse('2026-01-01T00:00:00.000Z')

describe('networks of a list', () => {
  it.each([
    '10',
    '1.2.3',
    '010.0.0.1',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/-1',
    '0.0.0.0/0',
    '::/0',
    'fe80::1%eth0',
    '::ffff:1.2.3.4/80',
    'example.org',
    '',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeNull()
  })

  it.each([
    ['192.0.2.77/24', 4, 24],
    ['192.0.2.77', 4, 32],
    ['::ffff:192.0.2.77', 4, 32],
    ['::ffff:192.0.2.77/120', 4, 24],
    ['2001:db8::1', 6, 128],
    ['2001:db8::1/33', 6, 33],
  ])('%s is of version %d with %d bits', (text, version, bits) => {
    expect(parseNetwork(text)).toMatchObject({ version, bits })
  })

  // Few different bits, so that networks nest, touch and repeat.
  const cidr4 = fc
    .tuple(
      fc.constantFrom(1, 2, 255),
      fc.constantFrom(0, 1, 255),
      fc.constantFrom(0, 1, 127, 128, 255),
      fc.integer({ min: 8, max: 32 }),
    )
    .map(([b, c, d, bits]) => `192.${b}.${c}.${d}/${bits}`)
  const cidr6 = fc
    .tuple(
      fc.constantFrom('0', '1', 'ffff'),
      fc.constantFrom('0', '1', '8000', 'ffff'),
      fc.constantFrom('0', '1', 'ffff'),
      fc.integer({ min: 16, max: 128 }),
    )
    .map(([b, c, d, bits]) => `2001:db8:${b}:0:${c}:0:0:${d}/${bits}`)

  it('hold exactly the addresses that a look through all of them finds', () => {
    const cidr = fc.oneof(cidr4, cidr6)
    fc.assert(
      fc.property(
        fc.array(cidr, { maxLength: 40 }),
        fc.array(cidr, { minLength: 1, maxLength: 20 }),
        (list, asked) => {
          const builder = new NetworkSetBuilder()
          for (const each of list) {
            const network = parseNetwork(each)
            if (network === null) throw new Error(`${each} was not read`)
            builder.add(network)
          }
          const set = builder.build()
          for (const each of asked) {
            const text = each.split('/')[0] ?? ''
            const parsed = ipaddr.parse(text)
            const naive = list.some((one) => {
              const range = ipaddr.parseCIDR(one)
              return range[0].kind() === parsed.kind() && parsed.match(range)
            })
            const address = parseAddress(text)
            const found =
              address?.version === 4 ? set.hasIpv4(address.high) : set.hasIpv6(wordsOf(address?.text ?? ''))
            expect([text, found]).toEqual([text, naive])
          }
        },
      ),
    )
  })

  it('any text is a network or none, and never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), cidr4, cidr6), (text) => void parseNetwork(text)))
  })
})

describe('a plain list', () => {
  it('is read with comments and remarks; bad lines are counted and named by their number, never shown', async () => {
    const text =
      '# exits\n192.0.2.1\r\n192.0.2.0/28 ; office\n\n2001:db8::/32#x\nsecret\n198.51.100.7 2026-01-01'
    const { networks, ...rest } = await readPlainList(text)
    expect(rest).toEqual({ entries: 4, unread: 1, examples: ['line 6'], changes_at_ms: Infinity })
    expect([networks.size, networks.hasIpv4(0xc0000201), networks.hasIpv4(0xc0000210)]).toEqual([
      3,
      true,
      false,
    ])
  })

  it('of which most is something else is refused: an error page is no list', async () => {
    await expect(readPlainList('<html>\n<body>\n192.0.2.1\n</html>')).rejects.toThrow('3 of its lines')
  })
})

describe('STIX patterns', () => {
  it.each([
    ["[ipv4-addr:value = '192.0.2.1']", 1],
    ["[ipv4-addr:value='192.0.2.1' OR ipv6-addr:value = '2001:db8::1']", 2],
    ["[ipv4-addr:value ISSUBSET '192.0.2.0/24'] OR [ipv4-addr:value = '198.51.100.0/24']", 2],
    ["[ ipv4-addr:value IN ('192.0.2.1', '192.0.2.2') ]", 2],
  ])('%s names %d', (pattern, count) => {
    expect(networksOfPattern(pattern)).toHaveLength(count)
  })

  it.each([
    "[ipv4-addr:value = '192.0.2.1' AND file:size > 3]",
    "[ipv4-addr:value = '192.0.2.1'] AND [domain-name:value = 'example.org']",
    "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']",
    "[ipv4-addr:value = '192.0.2.1'] WITHIN 5 SECONDS",
    "[NOT ipv4-addr:value = '192.0.2.1']",
    "[ipv4-addr:value NOT = '192.0.2.1']",
    "[ipv4-addr:value != '192.0.2.1']",
    "[ipv4-addr:value ISSUPERSET '192.0.2.0/24']",
    "[ipv4-addr:value = '2001:db8::1']",
    "[ipv4-addr:value = '0.0.0.0/0']",
    "[url:value = 'http://192.0.2.1/']",
    '[]',
    '',
  ])('%s is not read', (pattern) => {
    expect(networksOfPattern(pattern)).toBeNull()
  })

  it('of any text never throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void networksOfPattern(`[ipv4-addr:value = '192.0.2.1'${text}`)),
    )
  })
})

describe('a STIX bundle', () => {
  const id = (n: number) => `indicator--00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const indicator = (n: number, over: Record<string, unknown> = {}) => ({
    type: 'indicator',
    spec_version: '2.1',
    id: id(n),
    modified: '2025-06-01T00:00:00.000Z',
    pattern_type: 'stix',
    pattern: `[ipv4-addr:value = '192.0.2.${n}']`,
    valid_from: '2025-06-01T00:00:00Z',
    ...over,
  })
  const read = (...objects: unknown[]) => readStixBundle(JSON.stringify({ type: 'bundle', objects }), NOW)

  it('holds what is valid now, and says when that changes', async () => {
    const { networks, entries, unread, examples, changes_at_ms } = await read(
      indicator(1),
      indicator(2, { valid_until: '2025-12-31T00:00:00Z' }),
      indicator(3, { valid_from: '2026-01-03T00:00:00Z' }),
      indicator(4, { revoked: true }),
      indicator(5, { valid_until: '2026-01-02T00:00:00.123456Z' }),
      indicator(6, { pattern: "[domain-name:value = 'example.org']" }),
      indicator(7, { pattern_type: 'yara' }),
      { type: 'malware', id: 'malware--1' },
      { type: 'indicator', id: 'nonsense' },
    )
    const held = [1, 2, 3, 4, 5, 6].filter((n) => networks.hasIpv4(0xc0000200 + n))
    expect([held, entries, unread]).toEqual([[1, 5], 2, 3])
    expect(examples).toEqual(['object 9', id(6), id(7)])
    expect(new Date(changes_at_ms).toISOString()).toBe('2026-01-02T00:00:00.123Z')
  })

  it('of two versions of an indicator takes the later, wherever it stands', async () => {
    const later = indicator(1, { modified: '2025-07-01T00:00:00.000Z', revoked: true })
    for (const objects of [
      [indicator(1), later],
      [later, indicator(1)],
    ])
      expect((await read(...objects)).entries).toBe(0)
  })

  it.each(['', 'no json', '[]', '{"type":"report"}'])('is not %j', async (text) => {
    await expect(readStixBundle(text, NOW)).rejects.toThrow('it is no')
  })
})

describe('the configuration of lists', () => {
  const list = { name: 'exits', kind: 'plain', url: 'https://lists.example/exits.txt' }
  it.each([
    [list],
    [{ ...list, url: 'http://127.0.0.1:8080/exits.txt' }],
    [{ name: 'own', kind: 'stix', file: '/etc/gatewatch/own.json' }],
    [{ ...list, kind: 'taxii', username: 'reader', password_file: '/run/secrets/taxii' }],
  ])('takes %j', (given) => {
    expect(ListsConfig.safeParse([given]).success).toBe(true)
  })

  it.each([
    ['must be https', [{ ...list, url: 'http://lists.example/exits.txt' }]],
    ['one of file and url', [{ ...list, file: '/x' }]],
    ['one of file and url', [{ name: 'x', kind: 'plain' }]],
    ['taxii needs url', [{ name: 'x', kind: 'taxii', file: '/x' }]],
    ['go together', [{ ...list, username: 'reader' }]],
    ['same name', [list, list]],
    ['1 to 32 characters', [{ ...list, name: '../x' }]],
    ['choose one', [{ ...list, token_file: '/t', username: 'reader', password_file: '/p' }]],
  ])('says %s', (message, given) => {
    expect(JSON.stringify(ListsConfig.safeParse(given).error?.issues)).toContain(message)
  })
})
