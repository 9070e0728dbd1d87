import type { DecisionInput } from '../../../schemas/decision.ts'
import type { Outcome } from '../../runtime/outcome.ts'

/** The foreign formats that Gatewatch reads. */
export const FORMATS = [
  'sshd',
  'entra',
  'cloudtrail',
  'envoy',
  'nginx',
  'pomerium',
  'okta',
  'teleport',
  'google',
  'cloudflare',
  'opa',
  'ocsf',
  'cef',
  'decisions',
] as const
export type FormatName = (typeof FORMATS)[number]

/** Why a readable record is no decision of its own. Counted in the summary, never a loss. */
export type SkipReason = 'blank' | 'other_program' | 'no_decision' | 'same_attempt'

/** Why a record can't be used. It goes to the dead-letter topic with this reason, and the rest goes in. */
export type DeadLetterReason =
  | 'no_timestamp'
  | 'timestamp_invalid'
  | 'future_dated'
  | 'line_unreadable'
  | 'json_invalid'
  | 'record_invalid'
  | 'too_long'
  | 'binary'
  | 'cut_off'

/**
 * What a format knows of a decision. The import adds what makes it one of ours:
 * id, tenant, origin, the numbered enforcement point and the chain.
 */
export type Draft = Omit<DecisionInput, 'id' | 'tenant' | 'origin' | 'pep' | 'chain'>

/**
 * What a record gives. `event_ids`, in the order of the drafts, are the ids that
 * the product itself gave its events; without one, an id follows from content.
 */
type Read =
  | Exclude<Outcome<readonly Draft[], SkipReason>, { kind: 'ok' | 'dead-letter' }>
  | { readonly kind: 'ok'; readonly value: readonly Draft[]; readonly event_ids?: readonly string[] }
type Unusable = Extract<Outcome<never, DeadLetterReason>, { kind: 'dead-letter' }>

/** What became of one record. */
export type Reading = Read | Unusable

/** Reads the records of one source in their order. Never throws for what a record holds. */
export interface RecordReader {
  /** The decisions of one record: one line, or one JSON value. */
  read(text: string): Reading
  /** What a record says, without what may differ between two copies of it (line ends, spaces between JSON tokens). */
  contentOf(text: string): string
  /** Whether an instant without a zone was read, and so `timezone` taken for it. */
  assumedZone?(): boolean
  /** The year that was taken for the first line, when it had none and nobody gave one. */
  assumedYear?(): number | null
}

export interface ReadingOptions {
  /** The year of the first line, for a format whose instants have none; null: the latest that is not after `written_ms`. */
  readonly year: number | null
  /** When the source was last written, or the present: its last line is not after it. Ms since the epoch. */
  readonly written_ms: number
  /** The present: no year makes a line later than this. Ms since the epoch. */
  readonly now_ms: number
  /** IANA name or `+02:00`, for a format whose instants have no zone. */
  readonly timezone: string
}

/** How a source is cut into records: at line ends, or at JSON values (one a line, in arrays, or wrapped). */
export type Framing = 'lines' | 'json'

export function skip(reason: SkipReason): Reading {
  return { kind: 'drop', reason }
}

export function unusable(reason: DeadLetterReason, detail: string): Reading {
  return { kind: 'dead-letter', reason, detail: detail.slice(0, 300) }
}

export function decisions(...drafts: readonly Draft[]): Reading {
  return { kind: 'ok', value: drafts }
}

/** One decision of an event that the product named; '' for no name. */
export function named(eventId: string, draft: Draft): Reading {
  return { kind: 'ok', value: [draft], event_ids: [eventId] }
}
