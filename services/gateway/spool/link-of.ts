import { z } from 'zod'
import { Decision } from '../../../schemas/decision.ts'
import { linkOf } from '../record/chain.ts'
import type { ChainLink } from '../record/chain.ts'
import type { SpoolRecord } from './records.ts'

const { decided_at, pep, chain } = Decision.shape
/** Loose, so that a spool is drained by an older or a newer version than the one that wrote it. */
const Linked = z.object({ decided_at, pep, chain })

/** Where a spooled decision stands in the chain. It is our own and authenticated: another form is a fault. */
export function linkOfRecord({ value }: SpoolRecord): ChainLink {
  return linkOf(Linked.parse(JSON.parse(value)))
}

/** The id under which readers know a spooled decision. */
export function idOf({ headers }: SpoolRecord): string {
  return headers['ce_id'] ?? ''
}
