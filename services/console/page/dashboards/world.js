/** The world on a flat map: the web's Mercator projection, in which it is a square of 1000 by 1000. */

const WORLD = 1000
/** Beyond this nothing is drawn: a pole is infinitely far away. */
const MOST_LATITUDE = 84
/** A view shows this much of the world at least, so that a single place has countries around it. */
const LEAST_VIEW = 60
const ANTARCTICA = '010'

/** @typedef {{ x: number, y: number, w: number, h: number }} View */
/** @typedef {{ id?: string } & ({ type: 'Polygon', arcs: number[][] } | { type: 'MultiPolygon', arcs: number[][][] })} Geometry */
/** @typedef {{ transform: { scale: [number, number], translate: [number, number] }, arcs: [number, number][][], objects: { countries: { geometries: Geometry[] } } }} Topology */

/** @param {number} longitude @param {number} latitude @returns {[x: number, y: number]} */
export function project(longitude, latitude) {
  const bounded = Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, latitude))
  const angle = (bounded * Math.PI) / 180
  const y = (1 - Math.log(Math.tan(Math.PI / 4 + angle / 2)) / Math.PI) / 2
  return [((longitude + 180) / 360) * WORLD, y * WORLD]
}

/**
 * The outlines of all countries as one path of SVG, from TopoJSON: arcs are
 * steps between whole numbers, and a ring is a chain of arcs, backwards where
 * their number is negative.
 *
 * @param {Topology} topology
 * @see https://github.com/topojson/topojson-specification
 */
export function outlines({ transform, arcs, objects }) {
  const { scale, translate } = transform
  const lines = arcs.map((arc) => {
    let [x, y] = [0, 0]
    return arc.map(([dx, dy]) => {
      x += dx
      y += dy
      return /** @type {[number, number]} */ ([x * scale[0] + translate[0], y * scale[1] + translate[1]])
    })
  })
  const ring = (/** @type {number[]} */ chain) =>
    chain.flatMap((n) => (n < 0 ? (lines[~n] ?? []).toReversed() : (lines[n] ?? [])))
  return objects.countries.geometries
    .filter(({ id }) => id !== ANTARCTICA)
    .flatMap((shape) => (shape.type === 'MultiPolygon' ? shape.arcs.flat() : shape.arcs))
    .map((chain) => pathOf(ring(chain)))
    .join('')
}

/** A ring as a path. One that crosses the 180th meridian goes on beyond it, and is drawn at the other edge too. @param {[longitude: number, latitude: number][]} ring */
function pathOf(ring) {
  let turns = 0
  const points = ring.map(([longitude, latitude], i) => {
    const step = longitude - (ring[i - 1]?.[0] ?? longitude)
    if (Math.abs(step) > 180) turns -= Math.sign(step)
    return project(longitude + 360 * turns, latitude)
  })
  const across = Math.sign(points.reduce((sum, [x]) => sum + (x < 0 ? 1 : x > WORLD ? -1 : 0), 0))
  return (across === 0 ? [0] : [0, across * WORLD])
    .map((shift) => `M${points.map(([x, y]) => `${(x + shift).toFixed(1)},${y.toFixed(1)}`).join('L')}Z`)
    .join('')
}

/** All points with room around them, in the proportion of the place that is there. @param {readonly { x: number, y: number }[]} points @param {number} ratio width by height @returns {View} */
export function fit(points, ratio) {
  if (points.length === 0) return shaped({ x: 0, y: 150, w: WORLD, h: 560 }, ratio)
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  const [left, top] = [Math.min(...xs), Math.min(...ys)]
  const [w, h] = [Math.max(...xs) - left, Math.max(...ys) - top]
  const room = Math.max(LEAST_VIEW / 2, w * 0.12, h * 0.12)
  return shaped({ x: left - room, y: top - room, w: w + 2 * room, h: h + 2 * room }, ratio)
}

/** Nearer or further, about the middle. @param {View} view @param {number} factor below 1 is nearer @returns {View} */
export function zoomed({ x, y, w, h }, factor) {
  const to = Math.min(1.3 * WORLD, Math.max(LEAST_VIEW / 8, w * factor))
  const by = to / w
  return { x: x + (w - to) / 2, y: y + (h - h * by) / 2, w: to, h: h * by }
}

/** @param {View} view @param {number} ratio @returns {View} */
function shaped({ x, y, w, h }, ratio) {
  const wide = Math.max(w, h * ratio)
  const high = wide / ratio
  return { x: x + (w - wide) / 2, y: y + (h - high) / 2, w: wide, h: high }
}
