import { gunzipSync, gzipSync } from 'node:zlib'
import { decisionKey, parseDecision } from '../../schemas/decision.ts'
import { erasedDecisionRecord } from '../../schemas/erased-decision.ts'
import { entityKey } from '../../schemas/entity.ts'
import { isRecord } from '../../schemas/record.ts'
import { erasedEntity, scrub } from '../../schemas/scrub.ts'
import {
  accessDecisions,
  accessScored,
  collectorImports,
  control,
  deviceInventory,
  feedbackTicks,
  integrityCheckpoints,
  isDeadLetter,
  policyRevisions,
  privacyErasures,
  ruleSets,
  scoringCalibrationState,
  scoringPolicyState,
  scoringRuleState,
  scoringSnapshots,
  scoringSourceState,
  scoringState,
  sessionLogouts,
  subjectCensus,
  topics,
  type LogTopic,
} from '../../schemas/topics.ts'
import type { LogRecord } from '../runtime/log/event-log.ts'
import type { Names } from './person.ts'

/** What becomes of a record: it stays, goes, or is this one instead. */
export type Fate =
  | 'keep'
  | 'remove'
  | { readonly key: string; readonly value: string | Uint8Array | null; readonly headers: Headers }
type Headers = Readonly<Record<string, string>>

type Treatment = (record: LogRecord, names: Names, topic: LogTopic, nowMs: number) => Fate

/**
 * How each topic forgets a person. What has a treatment of its own is here;
 * every other topic of ours is JSON, and is scrubbed.
 */
const TREATMENTS: ReadonlyMap<string, Treatment> = new Map<string, Treatment>([
  [accessDecisions.name, decision],
  [accessScored.name, decision],
  ...[scoringState, scoringSourceState, scoringPolicyState, scoringRuleState, scoringSnapshots].map(
    ({ name }): [string, Treatment] => [name, state],
  ),
  [scoringCalibrationState.name, calibrationState],
  [control.name, controlRecord],
  [deviceInventory.name, device],
  [sessionLogouts.name, logout],
  [subjectCensus.name, census],
])

/** Nobody is in them by name, or in texts that an operator wrote: who is named there is changed there (`mentions` tells). */
const KEPT: ReadonlySet<string> = new Set(
  [policyRevisions, ruleSets, privacyErasures, collectorImports, integrityCheckpoints, feedbackTicks].map(
    ({ name }) => name,
  ),
)

/** Topics whose records may name a person. */
export const PERSONAL: readonly LogTopic[] = topics.filter(({ name }) => !KEPT.has(name))

const byName = new Map(topics.map((topic) => [topic.name, topic]))

/** What becomes of one record of a topic when the person is erased; a second time it stays as it is. */
export function fateOf(topicName: string, record: LogRecord, names: Names, nowMs: number): Fate {
  const topic = byName.get(topicName)
  if (topic === undefined || KEPT.has(topicName)) return 'keep'
  // Bytes without a schema of ours: what was exported, what could not be read.
  const foreign = isDeadLetter(topic) || !('schema' in topic)
  const treatment = TREATMENTS.get(topicName) ?? (foreign ? bytes : scrubbed)
  return treatment(record, names, topic, nowMs)
}

function decision(record: LogRecord, names: Names): Fate {
  const { key, value, headers } = record
  if (value === null || !(names.inKey(key) || key.includes('/source/'))) return 'keep'
  const json = jsonOf(value)
  const bare = isRecord(json) && isRecord(json['decision']) ? json['decision'] : json
  const parsed = parseDecision(bare)
  // Its key says whose it is; what can't be read can't be kept in part.
  if (!parsed.success) return names.inKey(key) ? emptied(record, key, names) : 'keep'
  if (!names.owns(parsed.data)) return 'keep'
  const gone = erasedDecisionRecord(json)
  if (gone === undefined || gone === json) return 'keep'
  const { tenant, subject } = parsed.data
  const without = decisionKey({
    ...parsed.data,
    subject: { type: subject.type, id: 'erased' },
    context: undefined,
    tenant,
  })
  return { key: without, value: JSON.stringify(gone), headers: withoutTrace(headers) }
}

/** A trace leads to the request of the person in other systems. */
function withoutTrace({ traceparent: _traceparent, tracestate: _tracestate, ...headers }: Headers): Headers {
  return headers
}

/**
 * State of the person goes; so does one of a source or a rule that names the
 * person: it begins anew, which costs it half an hour of failed sign-ins, or the
 * window of a rule.
 */
function state({ key, value }: LogRecord, names: Names): Fate {
  if (names.inKey(key)) return 'remove'
  return value !== null && (names.inBytes(value, false) || names.inBytes(Buffer.from(key), false))
    ? 'remove'
    : 'keep'
}

function calibrationState(record: LogRecord, names: Names): Fate {
  if (record.value === null) return 'keep'
  let json: unknown
  try {
    json = JSON.parse(gunzipSync(record.value).toString('utf8'))
  } catch {
    return 'keep'
  }
  const clean = withoutJudged(json, names)
  if (clean === json) return 'keep'
  const { key, headers } = record
  return { key, value: gzipSync(JSON.stringify(clean), { level: 1 }), headers }
}

function controlRecord(record: LogRecord, names: Names): Fate {
  const json = jsonOf(record.value)
  if (!isRecord(json) || json['tenant'] !== names.person.tenant) return 'keep'
  const calibration = withoutJudged(json['calibration'], names)
  if (calibration === json['calibration']) return 'keep'
  return { key: record.key, value: JSON.stringify({ ...json, calibration }), headers: record.headers }
}

/** What was judged of the person, and what the day in hand has counted under the name: items that begin with it or say so. */
function withoutJudged(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    const kept = items.filter((each) => nameOf(each) !== names.entity_id)
    const clean = kept.map((each) => withoutJudged(each, names))
    return kept.length === items.length && clean.every((each, index) => each === kept[index]) ? value : clean
  }
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, withoutJudged(each, names)] as const)
  return entries.every(([key, each]) => each === value[key]) ? value : Object.fromEntries(entries)
}

function nameOf(item: unknown): unknown {
  return Array.isArray(item) ? item[0] : isRecord(item) ? item['entity'] : undefined
}

/** The device is the company's and stays; whose it was goes. */
function device(record: LogRecord, { person }: Names): Fate {
  const json = jsonOf(record.value)
  if (!isRecord(json) || json['tenant'] !== person.tenant || json['owner'] !== person.subject.id)
    return 'keep'
  return { key: record.key, value: JSON.stringify({ ...json, owner: null }), headers: record.headers }
}

/** A session's sign-out holds until its cookie has ended by itself: without it the cookie would be taken again. */
function logout(record: LogRecord, names: Names, _topic: LogTopic, nowMs: number): Fate {
  const json = jsonOf(record.value)
  if (!isRecord(json) || typeof json['session_id'] !== 'string' || json['tenant'] !== names.person.tenant)
    return 'keep'
  if (!names.has({ type: 'session', id: json['session_id'] })) return 'keep'
  return Date.parse(String(json['expires_at'])) > nowMs ? 'keep' : 'remove'
}

/** Whom the circuit breaker counts as known. */
function census({ value }: LogRecord, { person, entity_id }: Names): Fate {
  const json = jsonOf(value)
  return isRecord(json) && json['tenant'] === person.tenant && json['subject'] === entity_id
    ? 'remove'
    : 'keep'
}

/** The original bytes of something that could not be read: a decision is erased as one, else all of it goes. */
function bytes(record: LogRecord, names: Names): Fate {
  const { key, value } = record
  const headers = Buffer.from(JSON.stringify(record.headers))
  const named =
    names.inKey(key) ||
    names.inBytes(Buffer.from(key), false) ||
    names.inBytes(headers, true) ||
    (value !== null && names.inBytes(value, true))
  return named ? emptied(record, key, names) : 'keep'
}

function emptied(record: LogRecord, key: string, names: Names): Fate {
  const gone = erasedDecisionRecord(jsonOf(record.value))
  const value = gone === undefined ? JSON.stringify({ erased: true }) : JSON.stringify(gone)
  const { detail, ...headers } = withoutTrace(record.headers)
  const kept = Object.entries(headers).filter(([, text]) => !names.inBytes(Buffer.from(text), true))
  return {
    key: names.inKey(key) || names.inBytes(Buffer.from(key), true) ? 'erased' : key,
    value,
    headers: { ...Object.fromEntries(kept), ...(detail !== undefined && { detail: '' }) },
  }
}

/** Findings, stories, risk, verdicts, activity, effects, matches, alerts: ours, and JSON. */
function scrubbed(record: LogRecord, names: Names, topic: LogTopic): Fate {
  const { key, value, headers } = record
  if (value === null) return topic.compacted && names.inKey(key) ? 'remove' : 'keep'
  if (topic.compacted && names.inKey(key)) return 'remove'
  const json = jsonOf(value)
  if (!isRecord(json) || json['tenant'] !== names.person.tenant) return 'keep'
  const clean = scrub(json, names)
  if (clean === json || !isRecord(clean)) return 'keep'
  return { key: keyWithout(key, json, names), value: JSON.stringify(clean), headers: withoutTrace(headers) }
}

/** The key of what is kept by time names its entity. */
function keyWithout(key: string, json: Record<string, unknown>, names: Names): string {
  const own = names.entities.find((entity) => key === entityKey(names.person.tenant, entity))
  return own === undefined ? key : entityKey(String(json['tenant']), erasedEntity(own))
}

function jsonOf(value: Uint8Array | null): unknown {
  if (value === null) return undefined
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'))
  } catch {
    return undefined
  }
}
