/** A place where people of the company live, work or travel to. */
export interface City {
  readonly name: string
  readonly country: string
  readonly zone: string
  readonly latitude: number
  readonly longitude: number
}

const city = (name: string, country: string, zone: string, latitude: number, longitude: number): City => ({
  name,
  country,
  zone,
  latitude,
  longitude,
})

/** Sites, with the share of the staff that belongs to each. */
export const SITES = {
  berlin: { city: city('Berlin', 'DE', 'Europe/Berlin', 52.52, 13.41), share: 0.34 },
  london: { city: city('London', 'GB', 'Europe/London', 51.51, -0.13), share: 0.16 },
  newYork: { city: city('New York', 'US', 'America/New_York', 40.71, -74.01), share: 0.16 },
  bengaluru: { city: city('Bengaluru', 'IN', 'Asia/Kolkata', 12.97, 77.59), share: 0.18 },
  singapore: { city: city('Singapore', 'SG', 'Asia/Singapore', 1.35, 103.82), share: 0.06 },
  // No office: people work at home in several cities.
  remote: { city: city('Warsaw', 'PL', 'Europe/Warsaw', 52.23, 21.01), share: 0.1 },
} as const
export type SiteName = keyof typeof SITES

/** Where those without an office live. */
export const REMOTE: readonly City[] = [
  SITES.remote.city,
  city('Madrid', 'ES', 'Europe/Madrid', 40.42, -3.7),
  city('São Paulo', 'BR', 'America/Sao_Paulo', -23.55, -46.63),
  city('Toronto', 'CA', 'America/Toronto', 43.65, -79.38),
  city('Sydney', 'AU', 'Australia/Sydney', -33.87, 151.21),
]

/** Where else people travel to. */
export const ABROAD: readonly City[] = [
  city('Paris', 'FR', 'Europe/Paris', 48.86, 2.35),
  city('Amsterdam', 'NL', 'Europe/Amsterdam', 52.37, 4.9),
  city('Milan', 'IT', 'Europe/Rome', 45.46, 9.19),
  city('San Francisco', 'US', 'America/Los_Angeles', 37.77, -122.42),
  city('Chicago', 'US', 'America/Chicago', 41.88, -87.63),
  city('Tokyo', 'JP', 'Asia/Tokyo', 35.68, 139.69),
  city('Mumbai', 'IN', 'Asia/Kolkata', 19.08, 72.88),
]

/** Other large cities of a site's country, for a thief who knows no more than the country. */
export const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  DE: ['Munich', 'Hamburg', 'Cologne', 'Stuttgart'],
  GB: ['Manchester', 'Birmingham', 'Leeds', 'Glasgow'],
  US: ['Chicago', 'Dallas', 'Seattle', 'Miami'],
  IN: ['Mumbai', 'Delhi', 'Chennai', 'Hyderabad'],
  PL: ['Krakow', 'Poznan', 'Wroclaw'],
  ES: ['Barcelona', 'Valencia', 'Seville'],
  BR: ['Rio de Janeiro', 'Curitiba', 'Salvador'],
  CA: ['Montreal', 'Calgary', 'Vancouver'],
  AU: ['Melbourne', 'Brisbane', 'Perth'],
}

/** Where a thief comes from who does not care. */
export const FAR: readonly string[] = ['VN', 'NG', 'RU', 'ID', 'TR', 'RO']

const offsets = new Map<string, number>()

/** Offset of a zone from UTC at noon of a day, in ms: good enough for when people get up. */
export function offsetMs(zone: string, dayMs: number): number {
  const key = `${zone}/${dayMs}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const noon = new Date(dayMs + 43_200_000)
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(noon)
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value)
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'))
  const offset = local - noon.getTime()
  offsets.set(key, offset)
  return offset
}
