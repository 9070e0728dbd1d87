import { z } from 'zod'
import { Sensitivity } from './bounds.ts'
import { Decision } from './decision.ts'

/** What kind of network an address belongs to; gates of location detectors turn on it. */
export const NetworkKind = z.enum([
  'access',
  'mobile',
  'hosting',
  'relay',
  'corporate',
  'satellite',
  'inflight',
  'private',
  'unknown',
])
export type NetworkKind = z.infer<typeof NetworkKind>

/** Name of a list of known-bad addresses, as the configuration has it. */
export const ListName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: 'must be 1 to 32 characters of a-z 0-9 -' })

/**
 * Facts looked up for a decision, never changed later: replay reads these
 * instead of looking them up again. Outside the hash chain.
 */
export const Enrichment = z.strictObject({
  source: z.strictObject({
    /** /24 of an IPv4 address, /56 of an IPv6 one, in CIDR form; empty when the decision names no address. */
    prefix: z.string().max(64),
    city: z.string().max(128),
    region: z.string().max(128),
    /** ISO 3166-1 alpha-2, or empty. */
    country: z.string().max(2),
    latitude: z.number().min(-90).max(90).nullable(),
    longitude: z.number().min(-180).max(180).nullable(),
    /** How far off the place may be; 0 when there is no place. */
    accuracy_km: z.number().min(0).max(20100),
    /** Autonomous system number, 0 when unknown. */
    asn: z.int().min(0).max(4294967295),
    as_org: z.string().max(256),
    network_kind: NetworkKind,
    /** The lists of known-bad addresses that hold the address, each with its version; absent where none does. */
    lists: z.record(ListName, z.string().max(64)).optional(),
  }),
  user_agent: z.strictObject({
    family: z.string().max(64),
    major: z.string().max(16),
    os: z.string().max(64),
    device_type: z.string().max(32),
  }),
  resource: z.strictObject({ sensitivity: Sensitivity }),
})
export type Enrichment = z.infer<typeof Enrichment>

/** What is looked up of an address and a browser, where there is nothing to look up. */
export const NOTHING_LOOKED_UP: Pick<Enrichment, 'source' | 'user_agent'> = {
  source: {
    prefix: '',
    city: '',
    region: '',
    country: '',
    latitude: null,
    longitude: null,
    accuracy_km: 0,
    asn: 0,
    as_org: '',
    network_kind: 'unknown',
  },
  user_agent: { family: '', major: '', os: '', device_type: '' },
}

/** The detectors' scores of one decision, by detector id. Higher is stranger; scales differ between detectors. A score of 0 is left out: nearly all are. */
export const Scores = z.record(z.string().max(64), z.number())
export type Scores = z.infer<typeof Scores>

/** A decision with what was looked up for it and how strange each detector found it. */
export const ScoredDecision = z.strictObject({
  decision: Decision,
  enrichment: Enrichment,
  scores: Scores,
})
export type ScoredDecision = z.infer<typeof ScoredDecision>
