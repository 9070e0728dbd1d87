import type { CasePlace } from '../../../../schemas/case-file.ts'
import { markup, type Markup } from './markup.ts'

/** Two units a degree, equirectangular: longitude runs to the right, latitude upwards. */
const SCALE = 2
const WIDTH = 360 * SCALE
const HEIGHT = 180 * SCALE

/** Where decisions came from, as discs whose area is their number, on a grid of 30 degrees. */
export function mapPicture(places: readonly CasePlace[]): Markup {
  const known = places.filter((place) => place.latitude !== null && place.longitude !== null)
  if (known.length === 0) return markup``
  const most = Math.max(...known.map(({ decisions }) => decisions))
  const lines: Markup[] = []
  for (let at = 30; at < 360; at += 30)
    lines.push(markup`<line class="graticule" x1="${at * SCALE}" x2="${at * SCALE}" y1="0" y2="${HEIGHT}"/>`)
  for (let at = 30; at < 180; at += 30)
    lines.push(markup`<line class="graticule" x1="0" x2="${WIDTH}" y1="${at * SCALE}" y2="${at * SCALE}"/>`)
  const discs = known.map(({ latitude, longitude, city, country, decisions }) => {
    const radius = Math.round((3 + 12 * Math.sqrt(decisions / most)) * 10) / 10
    return markup`<circle class="place" cx="${((longitude ?? 0) + 180) * SCALE}" cy="${(90 - (latitude ?? 0)) * SCALE}" r="${radius}"><title>${city} ${country}: ${decisions}</title></circle>`
  })
  return markup`<svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Map of the places"><rect class="frame" width="${WIDTH}" height="${HEIGHT}"/>${lines}${discs}</svg>`
}
