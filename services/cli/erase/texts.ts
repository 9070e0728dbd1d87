import type { Pending } from '../../erasure/ledger.ts'
import type { Outcome } from '../../erasure/main.ts'
import type { Objected } from '../../erasure/objections.ts'

/** What is about to go. */
export interface Plan {
  readonly pending: Pending
  /** It goes on with what was cut off. */
  readonly resumed: boolean
  readonly decisions: number
  /** Records that name the person, by topic. */
  readonly records: Readonly<Record<string, number>>
  readonly objections: readonly Objected[]
  /** When the same subject was erased last. */
  readonly before: string | null
}

export function planText(
  { pending, resumed, decisions, records, objections, before }: Plan,
  delete_records: boolean,
): string {
  const { person } = pending
  const topics = Object.entries(records).filter(([, n]) => n > 0)
  const all = topics.reduce((sum, [, n]) => sum + n, 0)
  return lines(
    resumed
      ? `Goes on erasing ${person.subject.type} ${person.subject.id} of tenant ${person.tenant}, which was cut off.`
      : `Will erase ${person.subject.type} ${person.subject.id} of tenant ${person.tenant}: ${count(decisions, 'decision')} and ${count(all, 'record')} of the log that name the subject.`,
    before === null ? null : `The subject was erased before, at ${before}; what came since goes now.`,
    `Goes with it: ${count(person.sessions.length, 'session')}, and what nobody else uses: ${count(person.devices.length, 'device')}, ${count(person.addresses.length, 'address', 'addresses')}, ${count(person.prefixes.length, 'network')}.`,
    ...topics.map(([topic, n]) => `  ${topic.padEnd(36)} ${n.toLocaleString('en').padStart(9)}`),
    delete_records
      ? 'Goes with it, of everybody: whatever the topics that are kept by time hold before the newest of these records. gatewatch replay can not go back to it, and gatewatch verify not tell what a missing row of it held.'
      : null,
    ...objections.map(({ text }) => `Speaks against it: ${text}.`),
  )
}

export function outcomeText({ erasure, parts_left, held_back }: Outcome, embedded: boolean): string {
  const counts = Object.entries(erasure.counts)
  return lines(
    `Erased (${erasure.id}, ${erasure.done_at ?? ''}). The chain stays whole: gatewatch verify proves it.`,
    ...counts.map(([name, n]) => `  ${name.padEnd(36)} ${n.toLocaleString('en').padStart(9)}`),
    embedded
      ? 'The bytes are gone from the files of log and store; the file system may keep freed blocks until it writes over them.'
      : 'Compacted topics have a record without the person; the brokers remove what was before at their next cleaning.',
    ...erasure.remaining.map(
      ({ topic, records, until }) =>
        `Still there: ${count(records, 'record')} of ${topic}, until ${until} at the latest. Whoever reads them gets them erased.`,
    ),
    ...held_back.map(
      ({ topic, groups }) =>
        `Not deleted before its time: ${topic}, of which ${groups.join(', ')} ${groups.length === 1 ? 'has' : 'have'} not read so far. Let them read on, stop them, and erase again with --delete-records.`,
    ),
    parts_left === 0
      ? null
      : `The store has still ${count(parts_left, 'part')} that were replaced; the server deletes them by itself (old_parts_lifetime).`,
    'Backups that were taken before hold the person until they are deleted; a restore of one is erased again by its next start.',
  )
}

function count(n: number, one: string, more = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : more}`
}

function lines(...all: readonly (string | null)[]): string {
  return all.filter((line) => line !== null).join('\n') + '\n'
}
