import { parseDecision, decisionKey, type Decision } from '../../../schemas/decision.ts'
import { Entity, entityKey, subjectEntityId } from '../../../schemas/entity.ts'
import { erasedDecisionRecord } from '../../../schemas/erased-decision.ts'
import { isRecord } from '../../../schemas/record.ts'
import { scrub } from '../../../schemas/scrub.ts'
import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  accessStories,
  alertsOutbox,
  analystVerdicts,
  isDeadLetter,
  policyEffects,
  riskState,
  ruleMatches,
  sourceScores,
  type LogTopic,
} from '../../../schemas/topics.ts'
import type { LogRecord } from '../log/event-log.ts'
import { parseJson } from '../log/json-record.ts'
import type { KnownErasures } from './known-erasures.ts'

const DECISIONS = new Set([accessDecisions.name, accessScored.name])
const OTHERS = new Set(
  [
    accessActivity,
    accessFindings,
    accessStories,
    alertsOutbox,
    analystVerdicts,
    policyEffects,
    riskState,
    ruleMatches,
    sourceScores,
  ].map(({ name }) => name),
)
const INSTANTS = ['decided_at', 'observed_at', 'updated_at'] as const
/** Words of a dead letter that are looked at. */
const MOST_WORDS = 5_000

/**
 * The record as it is once its person is erased; the same object where nobody
 * in it is. For readers of a log that still has it by name: one that can't be
 * rewritten, or into which a late copy came.
 */
export function erasedRecord(topic: LogTopic, record: LogRecord, known: KnownErasures): LogRecord {
  if (record.value === null) return record
  if (isDeadLetter(topic)) return erasedLetter(record, known)
  if (DECISIONS.has(topic.name)) return erasedDecisionOf(record, known) ?? record
  return OTHERS.has(topic.name) ? erasedOther(topic, record, known) : record
}

function erasedDecisionOf(record: LogRecord, known: KnownErasures): LogRecord | undefined {
  const json = parseJson(record)
  if (json.kind !== 'ok' || !isRecord(json.value)) return undefined
  const parsed = parseDecision(json.value['decision'] ?? json.value)
  if (!parsed.success || !isErasedOne(parsed.data, known)) return undefined
  const gone = erasedDecisionRecord(json.value)
  if (gone === undefined || gone === json.value) return undefined
  const { tenant, subject } = parsed.data
  const { traceparent: _trace, ...headers } = record.headers
  return {
    ...placeOf(record),
    key: decisionKey({
      ...parsed.data,
      tenant,
      subject: { type: subject.type, id: 'erased' },
      context: undefined,
    }),
    value: Buffer.from(JSON.stringify(gone)),
    headers,
  }
}

function isErasedOne({ tenant, subject, context, decided_at }: Decision, known: KnownErasures): boolean {
  const who = known.at(tenant, Date.parse(decided_at))
  if (who.has({ type: 'subject', id: subjectEntityId(subject) })) return true
  return (
    subject.type === 'anonymous' && context?.ip !== undefined && who.has({ type: 'source', id: context.ip })
  )
}

function erasedOther(topic: LogTopic, record: LogRecord, known: KnownErasures): LogRecord {
  const json = parseJson(record)
  if (json.kind !== 'ok' || !isRecord(json.value)) return record
  const { value } = json
  const at = INSTANTS.map((name) => value[name]).find((each) => typeof each === 'string')
  const atMs = typeof at === 'string' ? Date.parse(at) : record.appended_ms
  const clean = scrub(value, known.at(String(value['tenant']), atMs))
  if (clean === value) return record
  // A state of the person is no state of anybody; of the rest the shape stays.
  if (topic.compacted && isRecord(value['entity']) && isRecord(clean) && topic.name === riskState.name)
    return { ...placeOf(record), key: record.key, value: null, headers: record.headers }
  const key = topic.compacted ? record.key : keyOf(clean, value, record.key)
  return { ...placeOf(record), key, value: Buffer.from(JSON.stringify(clean)), headers: record.headers }
}

/** The key of what is kept by time names its entity. */
function keyOf(clean: unknown, { tenant, entity }: Record<string, unknown>, key: string): string {
  const was = Entity.safeParse(entity)
  const is = Entity.safeParse(isRecord(clean) ? clean['entity'] : undefined)
  if (!was.success || !is.success || key !== entityKey(String(tenant), was.data)) return key
  return entityKey(String(tenant), is.data)
}

/** Nobody can say when what could not be read happened: when the log took it counts. */
function erasedLetter(record: LogRecord, known: KnownErasures): LogRecord {
  const gone = erasedDecisionOf(record, known)
  if (gone !== undefined) return { ...gone, key: 'erased' }
  const text = `${record.key} ${Buffer.from(record.value ?? []).toString('utf8')} ${record.headers['detail'] ?? ''}`
  const words = new Set(text.match(/[\p{L}\p{N}_.@+:-]+/gu)?.slice(0, MOST_WORDS))
  for (const tenant of known.tenants()) {
    const who = known.at(tenant, record.appended_ms)
    for (const word of words)
      if (who.word(word))
        return {
          ...placeOf(record),
          key: 'erased',
          value: Buffer.from(JSON.stringify({ erased: true })),
          headers: { ...record.headers, detail: '' },
        }
  }
  return record
}

function placeOf({ offset, appended_ms }: LogRecord): Pick<LogRecord, 'offset' | 'appended_ms'> {
  return { offset, appended_ms }
}
