import { hash } from 'node:crypto'
import type { Decision } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { OutRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import type { FormatName, RecordReader } from '../formats/format.ts'
import { eventId } from '../ids.ts'
import type { ImportChain } from '../import-chain.ts'
import { importDeadLetter } from '../import-dead-letter.ts'
import { decisionOf, mapRecord } from '../map-record.ts'
import type { OfferedRecord } from './offer.ts'
import type { RecentIds } from './recent-ids.ts'

export interface TranslateOptions {
  readonly tenant: string
  readonly source: string
  readonly format: FormatName
  readonly reader: RecordReader
  readonly chain: ImportChain
  readonly recent: RecentIds
  readonly now: () => number
}

/** What became of one record; `fresh` decisions were appended to `out`. */
export interface Translated {
  readonly outcome: 'decisions' | 'known' | 'skipped' | 'dead_letters'
  readonly fresh: number
  /** Event time of its newest decision, known ones too; '' without one. */
  readonly last_event_at: string
}

/**
 * Turns a record into what the log shall hold of it, pushed to `out` in order.
 *
 * Ids follow from the source: where the product names its events, as an import
 * of the same events gives them; else from what makes the record this one (its
 * place, or the delivery that it came in) and its content. Ids that can come
 * again are looked up among the latest of the source.
 */
export function translator(
  options: TranslateOptions,
): (offered: OfferedRecord, out: OutRecord[]) => Translated {
  const { tenant, source, format, reader, chain, recent, now } = options
  const from = { tenant, format, source_name: source, pep_id: chain.pep_id, way: 'collector' } as const

  return ({ record, identity, repeats, changes = false }, out) => {
    const idOf = (...parts: readonly string[]): string =>
      `col_${hash('sha256', [tenant, source, identity, ...parts].join('\0'), 'hex').slice(0, 32)}`
    const refuse = (cause: Parameters<typeof importDeadLetter>[3]): Translated => {
      const id = idOf('dead-letter', record.raw.toString('latin1'))
      if (repeats && !recent.add(id)) return { outcome: 'known', fresh: 0, last_event_at: '' }
      out.push(importDeadLetter(id, record, from, cause))
      return { outcome: 'dead_letters', fresh: 0, last_event_at: '' }
    }
    const reading = mapRecord(reader, record)
    if (reading.kind === 'dead-letter') return refuse(reading)
    if (reading.kind === 'drop') return { outcome: 'skipped', fresh: 0, last_event_at: '' }
    const names = reading.event_ids
    const content =
      changes || (names !== undefined && !names.includes('')) ? '' : reader.contentOf(record.text)
    const made: { readonly decision: Decision; readonly asked: boolean }[] = []
    for (const [nth, draft] of reading.value.entries()) {
      const name = names?.[nth] ?? ''
      const id =
        name === '' ? idOf(String(nth), draft.decided_at, content) : eventId([tenant, format], name, draft)
      const decision = decisionOf(draft, { id, tenant, origin: 'live' }, now())
      // One bad event refuses its record, which is put aside as a whole.
      if (decision.kind === 'dead-letter') return refuse(decision)
      made.push({ decision: decision.value, asked: repeats || name !== '' })
    }
    let fresh = 0
    let last_event_at = ''
    for (const { decision, asked } of made) {
      if (decision.decided_at > last_event_at) last_event_at = decision.decided_at
      if (asked && !recent.add(decision.id)) continue
      chain.link(decision)
      out.push(jsonRecord(accessDecisions, decision, { ce_source: chain.pep_id }))
      fresh += 1
    }
    return { outcome: fresh > 0 ? 'decisions' : made.length > 0 ? 'known' : 'skipped', fresh, last_event_at }
  }
}
