import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import { fromStoreInstant } from '../../../schemas/clickhouse/instant.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { linkOf, type Link } from './link.ts'

/** A row that is no link: without a number or a hash nothing can be said of it but that it is there. */
export interface Unchained {
  readonly id: string
  readonly decided_at: string
}

/** All rows that bear one number of one boot. */
export interface RowGroup {
  readonly pep_id: string
  readonly boot_id: string
  readonly seq: number
  readonly links: readonly Link[]
  readonly unchained: readonly Unchained[]
}

/** Where a group stands in the order of the store; rows without a number come first, as -1. */
export interface GroupKey {
  readonly pep: string
  readonly boot: string
  readonly seq: number
}

export interface RawGroup {
  readonly key: GroupKey
  readonly rows: Row[]
}

/** Rows in the order of their keys, those of one key together. */
export function grouped(rows: readonly Row[]): RawGroup[] {
  const groups: RawGroup[] = []
  for (const row of rows) {
    const pep = String(row['pep_id'])
    const boot = String(row['pep_boot_id'])
    const seq = typeof row['pep_seq'] === 'number' ? row['pep_seq'] : -1
    const last = groups.at(-1)
    if (last && last.key.seq === seq && last.key.boot === boot && last.key.pep === pep) last.rows.push(row)
    else groups.push({ key: { pep, boot, seq }, rows: [row] })
  }
  return groups
}

export function linked({ key, rows }: RawGroup, toDecision: (row: Row) => unknown): RowGroup {
  const links: Link[] = []
  const unchained: Unchained[] = []
  for (const row of rows) {
    const link = linkOfRow(row, toDecision)
    if (link) links.push(link)
    else unchained.push({ id: String(row['id']), decided_at: instantOf(row) })
  }
  return { pep_id: key.pep, boot_id: key.boot, seq: key.seq, links, unchained }
}

/** Whoever alters a row may put anything there: what can't be read as a decision is altered, not a fault. */
function linkOfRow(row: Row, toDecision: (row: Row) => unknown): Link | null {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its shape is the columns'; whether it is true, the hash tells
    return linkOf(toDecision(row) as Decision)
  } catch {
    return null
  }
}

function instantOf(row: Row): string {
  return fromStoreInstant(String(row['decided_at']))
}
