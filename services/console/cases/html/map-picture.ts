import type { CasePlace } from '../../../../schemas/case-file.ts'
import { coastlines } from './coastlines.ts'
import { markup, type Markup } from './markup.ts'

/** Two units a degree, equirectangular: longitude runs to the right, latitude upwards. */
const SCALE = 2
const WIDTH = 360 * SCALE
const HEIGHT = 180 * SCALE

function project(longitude: number, latitude: number): readonly [x: number, y: number] {
  return [(longitude + 180) * SCALE, (90 - latitude) * SCALE]
}

/** Where decisions came from, as discs whose area is their number, over the coasts of the world and a grid of 30 degrees. */
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
    const [x, y] = project(longitude ?? 0, latitude ?? 0)
    return markup`<circle class="place" cx="${x}" cy="${y}" r="${radius}"><title>${city} ${country}: ${decisions}</title></circle>`
  })
  return markup`<svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Map of the places"><rect class="frame" width="${WIDTH}" height="${HEIGHT}"/><path class="land" d="${coastlines(project)}"/>${lines}${discs}</svg>`
}
