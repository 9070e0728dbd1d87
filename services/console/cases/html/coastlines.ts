import land from 'world-atlas/land-110m.json' with { type: 'json' }

/** Where a map puts a place. */
export type Project = (longitude: number, latitude: number) => readonly [x: number, y: number]

/**
 * The coasts of the world (Natural Earth, 1:110 million) as the path of an SVG, in
 * whole units: 27 KB at two units a degree. What crosses the 180th meridian goes on
 * beyond the edge and is drawn at the other one too, so a map clips; land around a
 * pole is left out.
 *
 * @see https://github.com/topojson/topojson-specification
 */
export function coastlines(project: Project): string {
  const [width] = project(180, 0)
  const [left] = project(-180, 0)
  return rings()
    .map((ring) => pathOf(ring, project, width - left))
    .join('')
}

type Place = readonly [longitude: number, latitude: number]

/** Arcs are steps between whole numbers; a ring is a chain of arcs, backwards where their number is negative. */
function rings(): Place[][] {
  const { arcs, objects, transform } = land
  const [scaleX = 1, scaleY = 1] = transform.scale
  const [fromX = 0, fromY = 0] = transform.translate
  const lines = arcs.map((arc) => {
    let [x, y] = [0, 0]
    return arc.map(([dx = 0, dy = 0]): Place => {
      x += dx
      y += dy
      return [x * scaleX + fromX, y * scaleY + fromY]
    })
  })
  return objects.land.geometries
    .flatMap((shape) => shape.arcs.flat())
    .map((chain) => chain.flatMap((n) => (n < 0 ? (lines[~n] ?? []).toReversed() : (lines[n] ?? []))))
}

function pathOf(ring: readonly Place[], project: Project, width: number): string {
  let turns = 0
  const points: (readonly [number, number])[] = []
  for (const [n, [longitude, latitude]] of ring.entries()) {
    const step = longitude - (ring[n - 1]?.[0] ?? longitude)
    if (Math.abs(step) > 180) turns -= Math.sign(step)
    const [x, y] = project(longitude + 360 * turns, latitude)
    const point = [Math.round(x), Math.round(y)] as const
    const last = points.at(-1)
    if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) points.push(point)
  }
  if (turns !== 0 || points.length < 4) return ''
  const beyond = points.some(([x]) => x < 0) ? 1 : points.some(([x]) => x > width) ? -1 : 0
  return (beyond === 0 ? [0] : [0, beyond * width])
    .map((shift) => {
      const [first, ...rest] = points.map(([x, y], n): readonly [number, number] =>
        n === 0 ? [x + shift, y] : [x - (points[n - 1]?.[0] ?? 0), y - (points[n - 1]?.[1] ?? 0)],
      )
      return `M${first?.join(',') ?? ''}l${rest.map((each) => each.join(',')).join(' ')}z`
    })
    .join('')
}
