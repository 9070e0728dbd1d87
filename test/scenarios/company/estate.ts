import type { Calendar } from './calendar.ts'
import { SITES, type SiteName } from './cities.ts'
import { Dice } from './dice.ts'
import { addressIn, addressText, type Networks, type Pool } from './networks.ts'
import type { GatewayName } from './staff.ts'

/** The company's own exits to the internet. */
export interface Estate {
  office(site: SiteName, day: number): string
  /** What phones and guests get. */
  guests(site: SiteName): string
  gateway(name: GatewayName, day: number): string
  /** A node of the cloud proxy through which two sites reach the web; which one, the provider decides each time. */
  proxy(site: SiteName, day: number, dice: Dice): string
  /** Kiosks stand in offices. */
  readonly hasProxy: ReadonlySet<SiteName>
}

export function estateOf(seed: number, calendar: Calendar, networks: Networks): Estate {
  const dice = new Dice(seed, 'estate')
  const addressAt = (country: string, city: string, rank = 0) => {
    const pools = networks.homes(country, city)
    const pool = pools[Math.min(rank, pools.length - 1)]
    if (pool === undefined) throw new Error(`no provider in ${city}`)
    return addressIn(pool, dice)
  }
  const exits = (rank: number) =>
    new Map(
      Object.entries(SITES).map(
        ([name, { city }]) => [name, addressAt(city.country, city.name, rank)] as const,
      ),
    )
  const [offices, moved, guests] = [exits(0), exits(1), exits(1)]
  const gateways = {
    frankfurt: [addressAt('DE', 'Frankfurt am Main'), addressAt('NL', 'Amsterdam', 1)],
    ashburn: [addressAt('US', 'Ashburn'), ''],
    // One stands with a hosting provider.
    singapore: [addressIn(hostingPool(networks, 'SG', dice), dice), ''],
  }
  const nodes = new Map(
    PROXIED.map((site) => {
      const { country, name } = SITES[site].city
      return [
        site,
        networks.proxies(country, name).map(({ prefixes: [near = 0, ...far] }) => ({ near, far })),
      ]
    }),
  )
  return {
    hasProxy: new Set(PROXIED),
    office: (site, day) =>
      (site === 'berlin' && day >= calendar.officeMovesDay ? moved : offices).get(site) ?? '',
    guests: (site) => guests.get(site) ?? '',
    gateway(name, day) {
      const [before = '', after = ''] = gateways[name]
      return after !== '' && day >= calendar.gatewayMovesDay ? after : before
    },
    proxy(site, day, own) {
      const provider = nodes.get(site)?.[day >= calendar.proxyMovesDay ? 1 : 0]
      if (provider === undefined) throw new Error(`${site} has no proxy`)
      // Nearly always the nearest, now and then another country's.
      return addressText((own.chance(0.996) ? provider.near : own.pick(provider.far)) + 20)
    },
  }
}

/** Sites that reach the web through a cloud proxy. */
const PROXIED: readonly SiteName[] = ['london', 'newYork']

export function hostingPool(networks: Networks, country: string, dice: Dice): Pool {
  return dice.pick(networks.hosting(country))
}
