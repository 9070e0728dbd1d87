import { isDeepStrictEqual } from 'node:util'
import type { Decision } from '../../../schemas/decision.ts'
import type { Problem } from '../report.ts'
import type { Doubt } from './check-stretch.ts'
import { hashAfter, linkOf, type Link } from './link.ts'

/** Decisions as the log still holds them, by number. */
export type Originals = ReadonlyMap<number, Decision>

/**
 * Says what was done to a segment that does not give its hash. Its own ids tell
 * where rows were exchanged; the log, as long as it holds the decisions, tells
 * which was altered and in what. Else it stays at the segment: one of at most 64.
 * Null: it is the log that does not give the hash, so nothing is known of the rows.
 */
export function explainDoubt(doubt: Doubt, originals: Originals): Problem[] | null {
  const exchanged = exchangedRows(doubt)
  if (exchanged.length > 0) return exchanged
  if (doubt.logged && !reaches(doubt, originals)) return null
  const changed = changedRows(doubt, originals)
  if (changed.length > 0) return changed
  const { stretch, segment, links } = doubt
  const only = segment.seq_from === segment.seq_to
  return [
    {
      kind: 'altered',
      pep_id: stretch.pep_id,
      boot_id: stretch.boot_id,
      seq_from: segment.seq_from,
      seq_to: segment.seq_to,
      decision_id: only ? (links[0]?.decision.id ?? null) : null,
      after: links[0]?.decision.decided_at ?? stretch.decided_from,
      before: links.at(-1)?.decision.decided_at ?? stretch.decided_to,
      detail: only
        ? 'it does not give the hash that the chain holds'
        : 'they do not give the hash that the chain holds after them, so one of them at least is not what was recorded',
    },
  ]
}

/** Rows that bear each other's numbers: put back by the number in their id, they give the hash. */
function exchangedRows({ stretch, segment, links }: Doubt): Problem[] {
  const home = links.map((link) => ({ link, seq: numberInId(link) }))
  const moved = home.filter(({ link, seq }) => seq !== null && seq !== link.seq)
  if (moved.length === 0 || home.some(({ seq }) => seq === null)) return []
  let hash = segment.base
  for (const { link, seq } of home.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0))) {
    const { pep } = link.decision
    if (!pep || seq === null) return []
    hash = hashAfter(hash, { ...link, decision: { ...link.decision, pep: { ...pep, seq } } })
  }
  if (hash !== segment.hash) return []
  return moved
    .filter(({ link }) => !link.logged)
    .map(({ link, seq }) => ({
      ...placeOf(link, stretch),
      kind: 'reordered',
      detail: `it stands at number ${link.seq} and belongs at ${seq}`,
    }))
}

/** Whether the log's decisions give the segment's hash, and so are what was recorded. */
function reaches({ segment }: Doubt, originals: Originals): boolean {
  let hash = segment.base
  for (let seq = segment.seq_from; seq <= segment.seq_to; seq++) {
    const original = originals.get(seq)
    const link = original && linkOf(original)
    if (!link) return false
    hash = hashAfter(hash, link)
  }
  return hash === segment.hash
}

function changedRows({ stretch, links }: Doubt, originals: Originals): Problem[] {
  return links.flatMap((link) => {
    if (link.logged) return []
    const original = originals.get(link.seq)
    const genuine = original && linkOf(original)
    if (!genuine || hashAfter('', genuine) === hashAfter('', link)) return []
    const fields = differences(genuine.decision, link.decision)
    const detail =
      genuine.decision.id === link.decision.id
        ? `the log has it with other ${fields.join(', ')}`
        : `the log has decision ${genuine.decision.id} under this number`
    return [{ ...placeOf(link, stretch), kind: 'altered' as const, detail }]
  })
}

/** Names of the fields that differ; never their values, which may be somebody's. */
function differences(a: Decision, b: Decision): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  names.delete('chain')
  const found = [...names].filter((name) => !isDeepStrictEqual(Reflect.get(a, name), Reflect.get(b, name)))
  return found.length === 0 ? ['chain'] : found
}

/** A gateway names decisions by boot and number. */
function numberInId({ decision, boot_id }: Link): number | null {
  if (!decision.id.startsWith(`${boot_id}-`)) return null
  const seq = Number(decision.id.slice(boot_id.length + 1))
  return Number.isSafeInteger(seq) ? seq : null
}

function placeOf({ seq, decision }: Link, { pep_id, boot_id }: Doubt['stretch']) {
  const { id, decided_at } = decision
  return {
    pep_id,
    boot_id,
    seq_from: seq,
    seq_to: seq,
    decision_id: id,
    after: decided_at,
    before: decided_at,
  }
}
