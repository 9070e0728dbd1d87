import { fieldOf, record, textOr, typeName } from './field.js'
import { colourName, shownValue } from './shown-value.js'
import { project } from './world.js'

/**
 * A row of a map's answer, where it lies on the map. `radius` is in px, `colour`
 * as Grafana names it.
 *
 * @typedef {{ row: number, name: string, x: number, y: number, radius: number, colour: string, opacity: number }} Place
 */

const LATITUDE = ['latitude', 'lat']
const LONGITUDE = ['longitude', 'lon', 'lng']

/** Where the rows of a map lie, by the first layer of markers; the largest first, so that none hides a smaller one. @param {import('./field.js').Panel} panel @param {import('../../dashboards/ask-panel.ts').Frame} frame @returns {Place[]} */
export function placesOf(panel, { columns, rows, ref_id }) {
  const { layers } = panel.options
  const markers =
    (Array.isArray(layers) ? layers : []).map(record).find(({ type }) => type === 'markers') ?? {}
  const location = record(markers['location'])
  const style = record(record(markers['config'])['style'])
  const [size, color] = [record(style['size']), record(style['color'])]
  const find = (/** @type {readonly unknown[]} */ names) =>
    columns.findIndex(({ name }) => names.includes(name))
  const latitude = find([location['latitude'], ...LATITUDE])
  const longitude = find([location['longitude'], ...LONGITUDE])
  const sized = find([size['field']])
  const coloured = find([color['field']])
  const [least, most] = [Number(size['min'] ?? 4), Number(size['max'] ?? 18)]
  const largest = Math.max(1, ...rows.map((row) => Number(row[sized] ?? 0)))
  const named = columns.map(({ name, type }) => ({
    name,
    words: typeName(type) === 'string',
    field: fieldOf(panel, { name, type, ref_id }),
  }))

  return rows
    .flatMap((row, index) => {
      const [lat, lon] = [row[latitude], row[longitude]]
      if (typeof lat !== 'number' || typeof lon !== 'number') return []
      const [x, y] = project(lon, lat)
      const value = sized < 0 ? undefined : Number(row[sized] ?? 0)
      const place = named.flatMap(({ words }, i) => (words && row[i] ? [String(row[i])] : [])).join(', ')
      const told =
        value === undefined ? '' : `: ${shownValue(value, named[sized]?.field ?? {})} ${named[sized]?.name}`
      const field = named[coloured]?.field
      return [
        {
          row: index,
          name: `${place}${told}`,
          x,
          y,
          // By area, so that twice as much looks twice as large.
          radius:
            value === undefined
              ? Number(size['fixed'] ?? 5)
              : least + (most - least) * Math.sqrt(value / largest),
          colour: (field && colourName(row[coloured], field)) ?? textOr(color['fixed'], 'orange'),
          opacity: Number(style['opacity'] ?? 0.6),
        },
      ]
    })
    .sort((a, b) => b.radius - a.radius)
}
