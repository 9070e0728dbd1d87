import type { City } from './cities.ts'
import { Dice } from './dice.ts'
import type { Client } from './clients.ts'
import { clientOf, type Origin } from './drafts.ts'
import type { Estate } from './estate.ts'
import { addressIn, addressText, type Networks } from './networks.ts'
import type { Device, Person } from './staff.ts'
import { HOUR } from './time.ts'

/** Where somebody is. */
export type Place =
  | { readonly kind: 'office' }
  | { readonly kind: 'kiosk' }
  | { readonly kind: 'home' }
  | { readonly kind: 'hotel'; readonly city: City }
  | { readonly kind: 'plane' }

/** The addresses and clients of one person on one day. */
export interface Whereabouts {
  /** The laptop's, towards something inside or outside. */
  laptop(place: Place, internal: boolean, dice: Dice): Origin
  phone(place: Place, atMs: number, dice: Dice): Origin
  /** A computer of their own, at home: no tunnel, and no device that the company knows. */
  own(client: Client): Origin
}

export interface World {
  readonly seed: number
  readonly networks: Networks
  readonly estate: Estate
}

const KIOSK_PEOPLE = 15

export function whereabouts(who: Person, day: number, { seed, networks, estate }: World): Whereabouts {
  const device = deviceOf(who, day)
  const lease = Math.floor((day + who.index) / who.lease)
  const home = addressIn(who.home, new Dice(seed, 'lease', who.index, lease))
  const hotel = (city: City) =>
    addressIn(
      new Dice(seed, 'hotel', city.name, who.index).early(networks.homes(city.country, city.name)),
      new Dice(seed, 'room', who.index, day),
    )
  const plane = addressIn(
    networks.inFlight()[who.index % networks.inFlight().length] ?? who.home,
    new Dice(seed, 'plane', who.index, day),
  )
  const outside = (place: Place): string => {
    if (place.kind === 'plane') return plane
    return place.kind === 'hotel' ? hotel(place.city) : home
  }
  const laptopAddress = (place: Place, internal: boolean, dice: Dice): string => {
    if (place.kind === 'office' || place.kind === 'kiosk') {
      return !internal && estate.hasProxy.has(who.site)
        ? estate.proxy(who.site, day, dice)
        : estate.office(who.site, day)
    }
    const tunnelled =
      who.tunnel === 'full' ? internal || !dice.chance(0.02) : who.tunnel === 'split' ? internal : false
    return tunnelled ? estate.gateway(who.gateway, day) : outside(place)
  }
  return {
    laptop: (place, internal, dice) => ({
      ip: laptopAddress(place, internal, dice),
      ...clientOf(place.kind === 'kiosk' ? KIOSK_CLIENT : device.client, day),
      device:
        place.kind === 'kiosk'
          ? { id: `kiosk-${who.site}-${Math.floor(who.index / KIOSK_PEOPLE)}`, managed: true }
          : device.id === null
            ? null
            : { id: device.id, managed: true },
    }),
    phone: (place, atMs, dice) => {
      const wireless = place.kind === 'office' ? 0.35 : place.kind === 'hotel' ? 0.3 : 0.5
      const ip = dice.chance(wireless)
        ? place.kind === 'office'
          ? estate.guests(who.site)
          : outside(place)
        : // Abroad as well: roaming goes through the carrier at home.
          carrierAddress(who, seed, Math.floor(atMs / (4 * HOUR)))
      const client = who.phone ?? device.client
      return { ip, ...clientOf(client, day), device: null }
    },
    own: (client) => ({ ip: home, ...clientOf(client, day), device: null }),
  }
}

const KIOSK_CLIENT = { browser: 'chrome', system: 'windows', upgradeDay: 1000 } as const

export function deviceOf(who: Person, day: number): Device {
  const device = who.laptops.findLast(({ fromDay }) => day >= fromDay) ?? who.laptops[0]
  if (device === undefined) throw new Error('nobody is without a laptop')
  return device
}

/** A carrier moves its customers between a few exits, each shared by thousands; the nearest is the likeliest. */
function carrierAddress({ index, carrier }: Person, seed: number, period: number): string {
  const exits = carrier.prefixes.slice(0, 8)
  const dice = new Dice(seed, 'carrier', index, period)
  return addressText((dice.chance(0.85) ? (exits[0] ?? 0) : dice.early(exits)) + dice.whole(1, 4))
}
