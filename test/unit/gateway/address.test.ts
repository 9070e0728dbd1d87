import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { networkMatcher, normalAddress, sourcePrefix } from '../../../services/gateway/address.ts'
import { readFacts } from '../../../services/gateway/proxy/request-facts.ts'
import { parseAddress } from '../../../services/scoring/enrich/address.ts'

describe('address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['not an address', null],
    ['1.2.3', null],
    ['', null],
  ])('%s is %s', (text, normal) => {
    expect(normalAddress(text)).toBe(normal)
  })

  it.each(['192.0.2.7', '2001:db8:1:2ff:3::4', '2001:db8::', '::1', '203.0.113.255', 'fd00:1:2:3:4:5:6:7'])(
    'the network of %s is the one that scoring keys by',
    (address) => {
      expect(sourcePrefix(address)).toBe(parseAddress(address)?.prefix)
    },
  )

  it('knows networks of either family, and IPv4 inside IPv6', () => {
    const inside = networkMatcher(['10.0.0.0/8', 'fd00::/8'])
    expect([
      inside('10.1.2.3'),
      inside('::ffff:10.1.2.3'),
      inside('fd12::1'),
      inside('11.0.0.1'),
      inside('x'),
    ]).toEqual([true, true, true, false, false])
  })
})

describe('client address', () => {
  const trusted = networkMatcher(['10.0.0.0/8'])

  function facts(
    peer: string,
    headers: Record<string, string>,
    raw: string[] = ['Host', headers['host'] ?? ''],
  ) {
    const socket = new Socket()
    Object.defineProperty(socket, 'remoteAddress', { value: peer })
    const request = new IncomingMessage(socket)
    request.method = 'GET'
    Object.assign(request.headers, headers)
    request.rawHeaders = raw
    return readFacts(request, '/', trusted)
  }

  it.each([
    ['192.0.2.1', '198.51.100.9', '192.0.2.1'],
    ['10.0.0.1', '198.51.100.9', '198.51.100.9'],
    ['10.0.0.1', '203.0.113.5, 198.51.100.9', '198.51.100.9'],
    ['10.0.0.1', '203.0.113.5, 198.51.100.9, 10.0.0.2', '198.51.100.9'],
    ['10.0.0.1', '203.0.113.5, junk, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '198.51.100.9:4711', '198.51.100.9'],
    ['::ffff:10.0.0.1', '198.51.100.9', '198.51.100.9'],
    ['10.0.0.1', '', '10.0.0.1'],
  ])('peer %s with X-Forwarded-For %j is %s', (peer, forwarded, ip) => {
    expect(facts(peer, { host: 'a', 'x-forwarded-for': forwarded }).ip).toBe(ip)
  })

  it('believes X-Forwarded-Proto of trusted proxies only', () => {
    expect(facts('10.0.0.1', { host: 'a', 'x-forwarded-proto': 'https' }).scheme).toBe('https')
    expect(facts('192.0.2.1', { host: 'a', 'x-forwarded-proto': 'https' }).scheme).toBe('http')
  })

  it.each([
    ['APP.Example:8443', 'app.example'],
    ['app.example.', 'app.example'],
    ['[2001:db8::1]:80', '[2001:db8::1]'],
    ['app.example/evil', ''],
    ['user@app.example', ''],
    ['', ''],
  ])('Host %s is %j', (host, expected) => {
    expect(facts('192.0.2.1', { host }).host).toBe(expected)
  })

  it('takes no request with two Host headers', () => {
    expect(facts('192.0.2.1', { host: 'a' }, ['Host', 'a', 'host', 'b']).host).toBe('')
  })
})
