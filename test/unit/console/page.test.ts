import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAssets, contentSecurityPolicy } from '../../../services/console/asset-files.ts'
import { duration, plain, relativeTime, valueOf, words } from '../../../services/console/page/format.js'
import { link, parseRoute } from '../../../services/console/page/route.js'
import { bucketOf } from '../../../services/console/timeline.ts'

describe('routes', () => {
  it('what link writes, parseRoute reads, whatever a name holds', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((s) => s.isWellFormed()),
        fc.stringMatching(/^[a-z0-9]{1,9}$/),
        (id, tenant) => {
          const route = parseRoute(link(['entities', 'subject', id], { tenant }))
          expect(route.segments).toEqual(['entities', 'subject', id])
          expect(route.query.get('tenant')).toBe(tenant)
        },
      ),
    )
  })

  it('survives an address typed by hand', () => {
    for (const hash of ['', '#', '#/', '#/stories/%', '#/a?b=%zz'])
      expect(parseRoute(hash).segments.length).toBeGreaterThan(0)
  })
})

describe('words and figures', () => {
  it.each([
    ['distance_km', 11850.4, 'Distance', '11,850 km'],
    ['speed_kmh', 900, 'Speed', '900 km/h'],
    ['success_share', 0.125, 'Success share', '12.5 %'],
    ['half_life_s', 60, 'Half life', '60 s'],
    ['same_device', false, 'Same device', 'no'],
    ['ip', '192.0.2.1', 'IP', '192.0.2.1'],
    ['asn', 64500, 'ASN', 'AS64500'],
    ['last_failure_ip', null, 'Last failure IP', 'none'],
    ['peer_share', 0.00001, 'Peer share', '1.0e-3 %'],
    ['network_nats', 3.43, 'Network evidence', '3.43 nats'],
  ])('%s %j reads "%s: %s"', (name, value, title, text) => {
    expect(words(name)).toBe(title)
    expect(valueOf(name, value)).toBe(text)
  })

  it('a name reads as it is, and joined letters stay joined', () => {
    expect(plain('ecila\u202e\n\u200b')).toBe('ecila\\u{202e}\\u{a}\\u{200b}')
    for (const name of [
      'alice',
      'na\u00efve',
      '\u{1F469}\u200d\u{1F4BB}',
      '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
    ])
      expect(plain(name)).toBe(name)
  })

  it('times are short', () => {
    expect(relativeTime(0, 3400)).toBe('3 s ago')
    expect(relativeTime(240_000, 0)).toBe('in 4 min')
    expect(relativeTime(0, 400)).toBe('just now')
    expect(duration(50 * 3_600_000)).toBe('2 d')
  })

  it('a chart has some ninety bars at most, whatever its range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60_000, max: 366 * 86_400_000 }), (span) => {
        expect(span / bucketOf(span)).toBeLessThanOrEqual(90)
      }),
    )
  })
})

describe('the page', () => {
  it('is whole: every file that it names is served', async () => {
    const assets = await readAssets()
    const page = assets.get('')?.body.toString('utf8') ?? ''
    const named = [...page.matchAll(/(?:href|src)="(assets\/[^"]+)"|"\.\/(assets\/[^"]+)"/g)].map(
      (m) => m[1] ?? m[2],
    )
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !assets.has(name ?? ''))).toEqual([])
  })

  it('has a policy without inline script or style, eval or foreign origin', async () => {
    const page = (await readAssets()).get('')
    expect(page).toBeDefined()
    const policy = page ? contentSecurityPolicy(page) : ''
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    expect(page?.body.toString('utf8')).not.toMatch(/<style| style=| on\w+=/)
  })
})
