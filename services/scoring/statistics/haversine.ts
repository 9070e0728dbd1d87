/** Mean radius of the earth in km (IUGG). */
const EARTH_KM = 6371.0088

/**
 * Great-circle distance in km between two points in degrees. Off by up to
 * 0.5 %, the earth being no sphere.
 *
 * @see https://en.wikipedia.org/wiki/Haversine_formula
 * @example haversine(52.52, 13.405, 48.8566, 2.3522) // 877.5, Berlin to Paris
 */
export function haversine(
  latitude1: number,
  longitude1: number,
  latitude2: number,
  longitude2: number,
): number {
  const lat1 = radians(latitude1)
  const lat2 = radians(latitude2)
  const a =
    Math.sin((lat2 - lat1) / 2) ** 2 +
    Math.cos(lat1) * Math.cos(lat2) * Math.sin(radians(longitude2 - longitude1) / 2) ** 2
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(a)))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
