import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { parseAddress } from '../../../services/scoring/enrich/address.ts'
import { readRanges } from '../../../services/scoring/enrich/asn.ts'
import { openCity } from '../../../services/scoring/enrich/city.ts'
import { networkKindOf } from '../../../services/scoring/enrich/network-kind.ts'
import { ABROAD, ELSEWHERE, FAR, REMOTE, SITES } from './cities.ts'
import type { Dice } from './dice.ts'

/** /24s of one autonomous system, by the number of their first address. */
export interface Pool {
  readonly asn: number
  readonly name: string
  readonly prefixes: readonly number[]
}

/**
 * Real networks, chosen from the tables that the product looks addresses up in:
 * consumer providers by city, carriers and hosting by country. So what is
 * generated resolves to what such networks really resolve to, wrong cities included.
 */
export interface Networks {
  /** Providers at people's homes in a city, the largest first. */
  homes(country: string, city: string): readonly Pool[]
  /** Exits of a country's carriers: placed anywhere in it, those in the city first. */
  carriers(country: string, city: string): readonly Pool[]
  /** Consumer providers of a country, over all its cities. */
  anywhere(country: string): readonly Pool[]
  hosting(country: string): readonly Pool[]
  /** Cloud proxies of companies, wherever their nodes are, those in the city first. */
  proxies(country: string, city: string): readonly Pool[]
  /** Networks in aeroplanes. */
  inFlight(): readonly Pool[]
}

const COUNTRIES = new Set([
  ...Object.values(SITES).map(({ city }) => city.country),
  ...[...REMOTE, ...ABROAD].map(({ country }) => country),
  ...Object.keys(ELSEWHERE),
  ...FAR,
])
/** Smaller ranges are seldom a provider's. */
const LEAST_ADDRESSES = 8192
const PROVIDERS = 5
/** /24s looked up of one system, about. */
const MOST_PREFIXES = 1000
const LEAST_IN_CITY = 6
const MOST_KEPT = 60
const NOBODY_LIVES_THERE =
  /universit|research|forschung|academ|educat|\bNHS\b|jisc|renater|garr|\bsurf\b|instit|business|cogent/i
/** Networks in aeroplanes (Intelsat, Viasat), and cloud proxies (Zscaler): few, in small ranges. */
const IN_FLIGHT = [22351, 7155]
const PROXIES = [22616, 53813, 62044]
const RARE: ReadonlySet<number> = new Set([...IN_FLIGHT, ...PROXIES])

interface System {
  readonly asn: number
  readonly name: string
  readonly kind: string
  readonly ranges: { readonly from: number; readonly addresses: number }[]
  /** Places met when one address of each range was looked up. */
  readonly cities: Map<string, Set<string>>
}

/** Reads the tables, in about two seconds. */
export async function openNetworks(): Promise<Networks> {
  const require = createRequire(import.meta.url)
  const names = new Map<number, string>()
  const ranges = readRanges(
    await readFile(require.resolve('@ip-location-db/asn/asn-ipv4-num.csv')),
    names,
    false,
  )
  const placeOf = await openCity()
  const placed = (at: number) => {
    const address = parseAddress(addressText(at))
    if (address === null || address.reserved) return null
    const { country, city } = placeOf(address)
    return { country, city: city.replace(/ \(.*/, '') }
  }
  const systems = new Map<number, System>()
  for (let row = 0; row < ranges.count; row++) {
    const from = ranges.startHigh[row] ?? 0
    const addresses = (ranges.endHigh[row] ?? 0) - from + 1
    const asn = ranges.asn[row] ?? 0
    if (addresses < LEAST_ADDRESSES && !(addresses >= 256 && RARE.has(asn))) continue
    const name = names.get(asn) ?? ''
    if (NOBODY_LIVES_THERE.test(name)) continue
    let system = systems.get(asn)
    if (system === undefined) {
      system = { asn, name, kind: networkKindOf(asn, name), ranges: [], cities: new Map() }
      systems.set(asn, system)
    }
    system.ranges.push({ from, addresses })
    const place = placed(from)
    if (place === null || !COUNTRIES.has(place.country)) continue
    const cities = system.cities.get(place.country)
    if (cities === undefined) system.cities.set(place.country, new Set([place.city]))
    else cities.add(place.city)
  }
  const all = [...systems.values()]
  const chosen = (country: string, kind: string) =>
    all
      .filter((system) => system.kind === kind && system.cities.has(country))
      .sort(
        (a, b) => (b.cities.get(country)?.size ?? 0) - (a.cities.get(country)?.size ?? 0) || a.asn - b.asn,
      )
      .slice(0, PROVIDERS)

  const looked = new Map<number, Map<string, number[]>>()
  /** /24s of a system by country, and by country and city. */
  const prefixesOf = (system: System): Map<string, number[]> => {
    const known = looked.get(system.asn)
    if (known !== undefined) return known
    const byPlace = new Map<string, number[]>()
    const total = system.ranges.reduce((sum, { addresses }) => sum + addresses / 256, 0)
    const step = Math.max(1, Math.ceil(total / MOST_PREFIXES)) * 256
    for (const { from, addresses } of system.ranges) {
      for (let at = from - (from % 256); at + 256 <= from + addresses; at += step) {
        const place = placed(at + 10)
        if (place === null || at < from) continue
        for (const key of [place.country, `${place.country}/${place.city}`]) {
          const list = byPlace.get(key)
          if (list === undefined) byPlace.set(key, [at])
          else list.push(at)
        }
      }
    }
    looked.set(system.asn, byPlace)
    return byPlace
  }
  const pools = (found: readonly System[], place: string | null, least: number, first?: string): Pool[] =>
    found
      .map((system) => {
        const byPlace = prefixesOf(system)
        const prefixes =
          place === null
            ? [...byPlace].filter(([key]) => !key.includes('/')).flatMap(([, some]) => some)
            : (byPlace.get(place) ?? [])
        const every = Math.max(1, Math.floor(prefixes.length / MOST_KEPT))
        const thinned = prefixes.filter((_, index) => index % every === 0)
        const near = first === undefined ? [] : (byPlace.get(first) ?? []).slice(0, 4)
        return { asn: system.asn, name: system.name, prefixes: [...new Set([...near, ...thinned])] }
      })
      .filter(({ prefixes }) => prefixes.length >= least)

  const kept = new Map<string, readonly Pool[]>()
  const once = (key: string, find: () => readonly Pool[]): readonly Pool[] => {
    const known = kept.get(key) ?? find()
    kept.set(key, known)
    if (known.length === 0) throw new Error(`the tables know no ${key}`)
    return known
  }
  const anywhere = (country: string) =>
    once(`provider in ${country}`, () => pools(chosen(country, 'access'), country, LEAST_IN_CITY))
  const named = (asns: readonly number[], first: string) =>
    once(`network of ${asns.join(' or ')} for ${first}`, () =>
      pools(
        all.filter(({ asn }) => asns.includes(asn)),
        null,
        1,
        first,
      ),
    )
  return {
    anywhere,
    homes: (country, city) =>
      once(`provider in ${city}`, () => {
        const found = pools(chosen(country, 'access'), `${country}/${city}`, LEAST_IN_CITY)
        return found.length > 0 ? found : anywhere(country)
      }),
    carriers: (country, city) =>
      once(`carrier in ${country} for ${city}`, () => {
        const near = `${country}/${city}`
        const mobile = pools(chosen(country, 'mobile'), country, LEAST_IN_CITY, near)
        // The same systems serve homes and phones in many countries, and then no name tells.
        return mobile.length > 0
          ? mobile
          : pools(chosen(country, 'access'), country, LEAST_IN_CITY, near).slice(0, 2)
      }),
    hosting: (country) =>
      once(`hosting in ${country}`, () => pools(chosen(country, 'hosting'), country, LEAST_IN_CITY)),
    proxies: (country, city) => named(PROXIES, `${country}/${city}`),
    inFlight: () => named(IN_FLIGHT, ''),
  }
}

/** An address of a pool. */
export function addressIn(pool: Pool, dice: Dice): string {
  return addressText(dice.pick(pool.prefixes) + dice.whole(1, 254))
}

export function addressText(at: number): string {
  return `${at >>> 24}.${(at >>> 16) & 255}.${(at >>> 8) & 255}.${at & 255}`
}

/** As the product names the network of an address. */
export function prefixOf(ip: string): string {
  return parseAddress(ip)?.prefix ?? ''
}
