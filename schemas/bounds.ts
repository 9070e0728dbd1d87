import { z } from 'zod'

/**
 * Building blocks that bound every string, list and number that crosses a
 * process boundary. A field without a bound is a way to fill somebody's memory.
 */

/** An instant in UTC with exactly three decimals: one form only, so that text compares and hashes as time does. */
export const Instant = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/, {
    error: 'must be a UTC instant such as 2026-01-31T09:30:00.000Z',
  })

/** An opaque id: printable, without spaces, safe in a URL path segment and in a topic key. */
export const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@+=,-]{0,127}$/, {
  error: 'must be 1 to 128 characters of A-Z a-z 0-9 . _ : @ + = , -',
})

/** A tenant's name; it is the first segment of every key, so it holds no slash. */
export const Tenant = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: 'must be 1 to 63 characters of a-z 0-9 _ -, beginning with a letter or digit',
})

/** Short text: a name, a title, a code of a foreign system. */
export const Name = z.string().min(1).max(256)

/** Text that somebody outside wrote: a user agent, a path. */
export const Text = z.string().max(2048)

/** Lower-case hexadecimal SHA-256. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 lower-case hexadecimal digits' })

/** A whole number that JSON, JavaScript and UInt64 hold alike. */
export const Count = z.int().min(0)

const UNMAPPED_CHARACTERS = 8192

/** JSON of bounded size, for what no schema foresees. Depth is bounded by the body limit at the edge. */
export const Unmapped = z
  .record(z.string().max(256), z.unknown())
  .refine(
    (value) => atMost(value, UNMAPPED_CHARACTERS) >= 0 || JSON.stringify(value).length <= UNMAPPED_CHARACTERS,
    {
      error: `must be ${UNMAPPED_CHARACTERS} characters of JSON or fewer`,
    },
  )

/**
 * What is left of `room` after a value's JSON at its longest (each character
 * escaped); negative: it may be longer, and writing it out must tell. Most
 * values are far below their bound, and this is several times cheaper.
 */
function atMost(value: unknown, room: number): number {
  if (typeof value === 'string') return room - 2 - 6 * value.length
  if (typeof value !== 'object' || value === null) return room - 25
  let left = room - 2
  for (const key of Object.keys(value)) {
    left = atMost(Reflect.get(value, key), left - 4 - 6 * key.length)
    if (left < 0) return left
  }
  return left
}

/** AuthZEN's names for how much a device or session is trusted, in rising order (BeyondCorp's tiers). */
export const TrustTier = z.enum(['untrusted', 'basic', 'privileged', 'highly_privileged'])
export type TrustTier = z.infer<typeof TrustTier>

/** How much harm a wrong permit does. */
export const Sensitivity = z.enum(['low', 'medium', 'high'])
export type Sensitivity = z.infer<typeof Sensitivity>

/** CAEP 1.0 risk levels. High is bad; NIST's confidence runs the other way. */
export const RiskLevel = z.enum(['LOW', 'MEDIUM', 'HIGH'])
export type RiskLevel = z.infer<typeof RiskLevel>

/** Whether an event comes from the present or was imported from history, which restricts and pages nobody. */
export const Origin = z.enum(['live', 'import'])
export type Origin = z.infer<typeof Origin>
