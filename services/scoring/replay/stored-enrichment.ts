import { accepts } from '../../../schemas/accepts.ts'
import { decisionKey } from '../../../schemas/decision.ts'
import { readEvent } from '../../../schemas/later.ts'
import { Enrichment } from '../../../schemas/scored-decision.ts'
import { accessScored } from '../../../schemas/topics.ts'
import type { EventLog, LogRecord, PartitionRecords } from '../../runtime/log/event-log.ts'
import { parseJson, readRecord } from '../../runtime/log/json-record.ts'
import type { Enrich } from '../enrich/enrich.ts'
import { Lru } from '../enrich/lru.ts'
import { offsetAt } from './offset-at.ts'

/** Scored decisions that are read beyond those that were asked for: what was never scored is not looked for any longer. */
const AHEAD = 20_000
const READ = 1000
/** Different facts that are kept as objects: those of one address and client are the same again and again. */
const FACTS = 65_536

interface Found {
  readonly records: AsyncIterator<readonly LogRecord[]>
  /** By key of the decision and its id; of two of one name the first. */
  readonly byName: Map<string, Enrichment>
  /** Of the part in hand. */
  used: string[]
  ended: boolean
}

/**
 * The facts that were looked up for decisions when they were scored, read again
 * from the log beside the decisions: an operator's networks and lists as they
 * were then, not as they are now. Both topics have the decisions of one subject
 * in the same partition and order, so little is held at a time.
 */
export class StoredEnrichment {
  readonly #eventLog: EventLog
  readonly #lookUp: Enrich
  readonly #partitions = new Map<number, Found>()
  readonly #texts = new Lru<string, Enrichment>(FACTS)
  #inHand: Found | undefined
  readonly #looked = new Set<string>()

  /** @param lookUp for decisions whose facts are not in the log any more */
  constructor(eventLog: EventLog, lookUp: Enrich) {
    this.#eventLog = eventLog
    this.#lookUp = lookUp
  }

  /** Reads what belongs to the decisions of a part; before they are scored. */
  async load({ partition, records }: PartitionRecords): Promise<void> {
    const [first] = records
    if (first === undefined) return
    let own = this.#partitions.get(partition)
    if (own === undefined) {
      const records = await this.#scored(partition, first.appended_ms)
      own = { records: records[Symbol.asyncIterator](), byName: new Map(), used: [], ended: false }
      this.#partitions.set(partition, own)
    }
    for (const name of own.used) own.byName.delete(name)
    this.#looked.clear()
    own.used = records.map(nameOf)
    const most = records.length + AHEAD
    for (const name of own.used)
      while (!own.ended && own.byName.size < most && !own.byName.has(name)) await this.#more(own)
    this.#inHand = own
  }

  /** Facts as they are in the log; where it has none, as they are now. */
  readonly enrich: Enrich = (decision) => {
    const stored = this.of(decision)
    if (stored !== undefined) return stored
    this.#looked.add(decision.id)
    return this.#lookUp(decision)
  }

  /** What was looked up for a decision of the part in hand. */
  of(decision: Parameters<Enrich>[0]): Enrichment | undefined {
    return this.#inHand?.byName.get(`${decision.id} ${decisionKey(decision)}`)
  }

  /** Whether the facts of a decision of the part in hand were looked up again. */
  looked(id: string): boolean {
    return this.#looked.has(id)
  }

  async #scored(partition: number, fromMs: number): Promise<AsyncIterable<readonly LogRecord[]>> {
    if (partition >= this.#eventLog.partitions(accessScored)) return nothing()
    const from = await offsetAt(this.#eventLog, accessScored, partition, fromMs)
    return this.#eventLog.read(accessScored, { partition, from, max_records: READ })
  }

  async #more(own: Found): Promise<void> {
    const { done = false, value } = await own.records.next()
    if (done) {
      own.ended = true
      return
    }
    for (const record of value) {
      const name = nameOf(record)
      if (own.byName.has(name)) continue
      const enrichment = this.#read(record.value)
      if (enrichment !== undefined) own.byName.set(name, enrichment)
    }
  }

  #read(value: Uint8Array | null): Enrichment | undefined {
    const text = value === null ? undefined : factsIn(value)
    const known = text === undefined ? undefined : this.#texts.get(text)
    if (known !== undefined) return known
    const enrichment = (text === undefined ? undefined : parse(text)) ?? whole(value)
    if (enrichment !== undefined && text !== undefined) this.#texts.set(text, enrichment)
    return enrichment
  }
}

const BEFORE = Buffer.from(',"enrichment":')
const BEGINS = Buffer.concat([BEFORE, Buffer.from('{"source":{')])
const ENDS = Buffer.from(',"scores":{')

/**
 * The JSON of the facts in a scored decision as we write it: facts and scores
 * come last, and no text of theirs can look like the beginning of either, since
 * quotation marks in texts are escaped. A tenth of the cost of reading it all.
 */
function factsIn(value: Uint8Array): string | undefined {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const end = bytes.lastIndexOf(ENDS)
  const begin = bytes.lastIndexOf(BEGINS)
  return begin === -1 || end < begin ? undefined : bytes.toString('utf8', begin + BEFORE.length, end)
}

const isEnrichment = accepts(Enrichment)

function parse(text: string): Enrichment | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFacts(value) ? value : readEvent(Enrichment, value)
  } catch {
    return undefined
  }
}

function isFacts(value: unknown): value is Enrichment {
  return isEnrichment(value)
}

function whole(value: Uint8Array | null): Enrichment | undefined {
  return readRecord(accessScored.schema, { value })?.enrichment
}

/** What a decision and its scored one have in common: key and id, which stands in a header of nearly all. */
function nameOf(record: LogRecord): string {
  const id = record.headers['ce_id'] ?? idIn(record)
  return `${id} ${record.key}`
}

function idIn(record: LogRecord): string {
  const json = parseJson(record)
  if (json.kind !== 'ok' || typeof json.value !== 'object' || json.value === null || !('id' in json.value))
    return ''
  return String(json.value.id)
}

async function* nothing(): AsyncGenerator<readonly LogRecord[]> {}
