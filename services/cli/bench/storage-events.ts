import type { DecisionInput } from '../../../schemas/decision.ts'
import { accessDecisions, accessScored } from '../../../schemas/topics.ts'
import { beginChain } from '../../gateway/record/chain.ts'
import type { Batch, EventLog, LogRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { seededNumbers } from '../../runtime/seeded-numbers.ts'
import { events } from '../../scoring/bench/events.ts'
import { runQuietStage } from '../../scoring/bench/quiet-stage.ts'
import { openEnrich } from '../../scoring/main.ts'

const SUBJECTS = 5_000
/** Mean time between two decisions: 25 a second, the working day of five thousand people. */
const EVERY_MS = 40
const APPEND = 2_000

/**
 * Fills `access.scored` with decisions as a running system writes them: those of
 * the scoring benchmark, with what is too even there drawn anew (gaps between
 * decisions, latency, age of the risk, when somebody signed in), chained by the
 * gateway's own code with random salts, and scored by every detector of the first
 * stage. They end now, as decisions that are stored live do.
 */
export async function logScored(eventLog: EventLog, count: number): Promise<void> {
  const chain = beginChain({ id: 'gateway', kind: 'gatewatch', version: '0.1.0' }, null)
  const random = seededNumbers(7)
  const last = Date.now() - 60_000
  let at = last - count * EVERY_MS
  let records = []
  let seq = 0
  for (const { pep: _pep, chain: _chain, schema_version: _version, ...event } of events(count, {
    subjects: SUBJECTS,
    everyMs: EVERY_MS,
  })) {
    at = Math.min(last, at - Math.log(1 - random()) * EVERY_MS)
    const decision = lively(event, Math.floor(at), random)
    records.push(
      jsonRecord(
        accessDecisions,
        chain.link({ seq, decision: { ...decision, id: `${chain.boot_id}-${seq}` } }),
      ),
    )
    seq++
    if (records.length < APPEND && seq < count) continue
    await eventLog.append(records)
    records = []
  }
  const scoring = await runQuietStage(eventLog, await openEnrich({ sensitivity: [] }))
  await scoring.drained()
  await scoring.stop()
}

type Draft = Omit<DecisionInput, 'pep' | 'chain' | 'schema_version'>

function lively(event: Draft, atMs: number, random: () => number): Draft {
  const age_ms = Math.floor(random() * 5_000)
  // A sign-in is as old as the session, and all of a session's decisions say the same.
  const session = Number.parseInt((event.subject.session_id ?? '0').slice(0, 6), 16)
  const signedIn = atMs - (atMs % 28_800_000) - (session % 3_600_000)
  return {
    ...event,
    decided_at: new Date(atMs).toISOString(),
    // Most take little, a few take long.
    latency_us: Math.round(120 * Math.exp(random() * random() * 3)),
    subject: { ...event.subject, authenticated_at: new Date(signedIn).toISOString() },
    ...(event.risk_at_decision && { risk_at_decision: { ...event.risk_at_decision, age_ms } }),
    ...(event.policy && {
      policy: { ...event.policy, inputs: { ...event.policy.inputs, 'risk.age_ms': age_ms } },
    }),
  }
}

/** Holds batches back between the share that warms up and the one that is measured. */
export class Gate {
  readonly rows: number
  shut = true
  readonly #opened = Promise.withResolvers<void>()

  constructor(rows: number) {
    this.rows = rows
  }

  get opened(): Promise<void> {
    return this.#opened.promise
  }

  open(): void {
    this.shut = false
    this.#opened.resolve()
  }
}

/**
 * The log as if its scored decisions had been taken when they were made, and not
 * all in one minute: when the log took a record becomes a column. The times are
 * read beforehand, since a worker doesn't spend its time on that. Batches after so
 * many rows wait until the gate is open.
 */
export async function asTakenLive(eventLog: EventLog, gate: Gate): Promise<EventLog> {
  const random = seededNumbers(11)
  const taken: number[][] = []
  for (let partition = 0; partition < eventLog.partitions(accessScored); partition++) {
    const times: number[] = []
    for await (const records of eventLog.read(accessScored, { partition }))
      for (const { offset, headers } of records)
        times[offset] = Date.parse(headers['ce_time'] ?? '') + 15 + Math.floor(random() * 40)
    taken.push(times)
  }
  const live = ({ token, parts }: Batch): Batch => ({
    token,
    parts: parts.map((part) =>
      part.topic.name === accessScored.name
        ? {
            ...part,
            records: part.records.map((record) => new TakenLive(record, taken[part.partition] ?? [])),
          }
        : part,
    ),
  })
  let handed = 0
  return {
    ...eventLog,
    consume: ({ handle, ahead, ...options }) =>
      eventLog.consume({
        ...options,
        async handle(batch) {
          if (handed >= gate.rows) await gate.opened
          for (const { topic, records } of batch.parts)
            if (topic.name === accessScored.name) handed += records.length
          return handle(live(batch))
        },
        ahead(batch) {
          if (!gate.shut) ahead?.(live(batch))
        },
      }),
  }
}

class TakenLive implements LogRecord {
  readonly #record: LogRecord
  readonly #times: readonly number[]

  constructor(record: LogRecord, times: readonly number[]) {
    this.#record = record
    this.#times = times
  }

  get appended_ms(): number {
    return this.#times[this.#record.offset] ?? this.#record.appended_ms
  }

  get offset(): number {
    return this.#record.offset
  }

  get key(): string {
    return this.#record.key
  }

  get value(): Uint8Array | null {
    return this.#record.value
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#record.headers
  }
}
