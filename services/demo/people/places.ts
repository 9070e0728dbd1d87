import type { NetworkKind } from '../../../schemas/scored-decision.ts'

/** One line of the networks file that tells enrichment where the demo's addresses are. */
export interface Network {
  readonly cidr: string
  readonly city: string
  readonly region: string
  readonly country: string
  readonly latitude: number
  readonly longitude: number
  readonly accuracy_km: number
  readonly asn: number
  readonly as_org: string
  readonly network_kind: NetworkKind
  readonly shared: boolean
}

/** Where people work from: an office, the homes around it, and the carrier of their phones. */
export interface Site {
  readonly name: string
  /** Hours east of UTC; summer time is left out. */
  readonly utc_offset_h: number
  readonly office: Network
  readonly homes: readonly Network[]
  readonly carrier: Network
}

type City = readonly [city: string, region: string, country: string, latitude: number, longitude: number]

const SITES: readonly (readonly [offset: number, office: City, around: readonly City[]])[] = [
  [
    1,
    ['Berlin', 'Berlin', 'DE', 52.52, 13.4],
    [
      ['Potsdam', 'Brandenburg', 'DE', 52.4, 13.06],
      ['Bernau', 'Brandenburg', 'DE', 52.68, 13.59],
    ],
  ],
  [
    -5,
    ['New York', 'New York', 'US', 40.71, -74.01],
    [
      ['Hoboken', 'New Jersey', 'US', 40.74, -74.03],
      ['Yonkers', 'New York', 'US', 40.93, -73.9],
    ],
  ],
  [
    8,
    ['Singapore', 'Singapore', 'SG', 1.35, 103.82],
    [
      ['Woodlands', 'Singapore', 'SG', 1.44, 103.79],
      ['Tampines', 'Singapore', 'SG', 1.35, 103.94],
    ],
  ],
  [
    -3,
    ['Recife', 'Pernambuco', 'BR', -8.05, -34.9],
    [
      ['Olinda', 'Pernambuco', 'BR', -8.01, -34.86],
      ['Paulista', 'Pernambuco', 'BR', -7.94, -34.87],
    ],
  ],
  [
    -8,
    ['Vancouver', 'British Columbia', 'CA', 49.28, -123.12],
    [
      ['Burnaby', 'British Columbia', 'CA', 49.25, -122.98],
      ['Richmond', 'British Columbia', 'CA', 49.17, -123.14],
    ],
  ],
]

/** The offices of the demo's company, with the networks around them. Every address is one reserved for examples or tests. */
export const sites: readonly Site[] = SITES.map(([utc_offset_h, office, around], index) => ({
  name: office[0],
  utc_offset_h,
  office: network(`198.18.${index + 1}.0/24`, office, 64_512, 'Demo Company', 'corporate', 5, true),
  homes: around.flatMap((city, town) =>
    [0, 1, 2].map((line) =>
      network(
        `100.64.${index * 16 + town * 4 + line}.0/24`,
        city,
        64_530 + index,
        `Broadband ${office[0]}`,
        'access',
        15,
        false,
      ),
    ),
  ),
  carrier: network(`100.65.${index}.0/24`, office, 64_540 + index, `Mobile ${office[0]}`, 'mobile', 60, true),
}))

/** Where the demo's attackers come from: far from every office, one network a story in turn. */
export const attackerNetworks: readonly Network[] = (
  [
    ['Auckland', 'Auckland', 'NZ', -36.85, 174.76],
    ['Reykjavik', 'Capital Region', 'IS', 64.15, -21.94],
    ['Santiago', 'Santiago', 'CL', -33.45, -70.67],
    ['Cape Town', 'Western Cape', 'ZA', -33.92, 18.42],
    ['Tbilisi', 'Tbilisi', 'GE', 41.72, 44.79],
    ['Perth', 'Western Australia', 'AU', -31.95, 115.86],
    ['Muscat', 'Muscat', 'OM', 23.59, 58.41],
    ['Ulaanbaatar', 'Ulaanbaatar', 'MN', 47.92, 106.92],
    ['Hobart', 'Tasmania', 'AU', -42.88, 147.33],
    ['Windhoek', 'Khomas', 'NA', -22.56, 17.08],
    ['Suva', 'Central', 'FJ', -18.14, 178.44],
    ['Tromso', 'Troms', 'NO', 69.65, 18.96],
    ['Ushuaia', 'Tierra del Fuego', 'AR', -54.8, -68.3],
    ['Almaty', 'Almaty', 'KZ', 43.24, 76.89],
    ['Port Louis', 'Port Louis', 'MU', -20.16, 57.5],
  ] satisfies readonly City[]
).map(rented)

/** Where the thief of the days before was. That was judged since, so that its risk would be part of a new story. */
export const pastAttacker = rented(['Anchorage', 'Alaska', 'US', 61.22, -149.9], attackerNetworks.length)

/** Where the company's own programs run. */
const dataCentre = network(
  '198.18.9.0/24',
  ['Potsdam', 'Brandenburg', 'DE', 52.4, 13.06],
  64_512,
  'Demo Company',
  'hosting',
  5,
  false,
)

/** Everything that enrichment must know of the demo's addresses. */
export function allNetworks(): Network[] {
  return [
    ...sites.flatMap((site) => [site.office, ...site.homes, site.carrier]),
    dataCentre,
    ...attackerNetworks,
    pastAttacker,
  ]
}

/** The address with the given last number in a /24. */
export function addressIn(place: Network, host: number): string {
  return place.cidr.replace(/\d+\/24$/, String(1 + (host % 250)))
}

function rented(city: City, index: number): Network {
  return network(
    `198.19.${100 + index}.0/24`,
    city,
    64_520 + index,
    `Rented lines ${city[0]}`,
    'access',
    25,
    false,
  )
}

function network(
  cidr: string,
  [city, region, country, latitude, longitude]: City,
  asn: number,
  as_org: string,
  network_kind: NetworkKind,
  accuracy_km: number,
  shared: boolean,
): Network {
  return { cidr, city, region, country, latitude, longitude, accuracy_km, asn, as_org, network_kind, shared }
}
