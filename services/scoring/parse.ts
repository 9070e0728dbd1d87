import type { z } from 'zod'
import { accepts } from '../../schemas/accepts.ts'
import { Activity } from '../../schemas/activity.ts'
import { Decision, decisionKey, parseDecision } from '../../schemas/decision.ts'
import { entityKey } from '../../schemas/entity.ts'
import { readEvent } from '../../schemas/later.ts'
import { PolicyEffect } from '../../schemas/policy-effect.ts'
import type { LogRecord } from '../runtime/log/event-log.ts'
import { parseJson } from '../runtime/log/json-record.ts'
import type { Outcome } from '../runtime/outcome.ts'
import { plainLength } from './plain-length.ts'
import { instantMs } from './state/instant.ts'

/** Larger than any decision within its bounds; what is larger is not read. */
const MOST_BYTES = 262_144
/** How far ahead of the log's clock an event may be: clocks differ, but a date in the future would make all that follows late. */
const FUTURE_MS = 5 * 60_000

/** Under another key it may lie in another partition, where its subject's state is not; nobody's state is touched for it. */
const WRONG_KEY = {
  kind: 'dead-letter',
  reason: 'wrong-key',
  detail: 'the key is not the one of its subject or source',
} as const

const NOTHING = new Uint8Array()

const wholeDecision = accepts(Decision)
const wholeActivity = accepts(Activity)

/** Nearly every event needs nothing filled in or moved, and is used as it is. */
function isDecision(value: unknown): value is Decision {
  return wholeDecision(value)
}

function isActivity(value: unknown): value is Activity {
  return wholeActivity(value)
}

/** A decision as the first stage wants it. */
export interface WholeDecision {
  readonly decision: Decision
  /** Its JSON as it came, where that is no other than what writing it would give: what holds the decision can hold these. */
  readonly bytes: Uint8Array | undefined
}

/** Parses and checks a decision, once, at this edge. Never throws for what it was given. */
export function readDecision(record: LogRecord): Outcome<Decision> {
  return readAsItCame(record)
}

/** As `readDecision`, with the bytes that it was read from. */
export function readWholeDecision(record: LogRecord): Outcome<WholeDecision> {
  const read = readAsItCame(record)
  if (read.kind !== 'ok') return read
  const { value: decision, asItCame = false } = read
  const bytes = record.value ?? NOTHING
  const plain = asItCame && plainLength(decision) === bytes.length
  return { kind: 'ok', value: { decision, bytes: plain ? bytes : undefined } }
}

/** `asItCame`: nothing was filled in or moved. Beside the value, as an object more would cost a reader a tenth. */
function readAsItCame(record: LogRecord): Outcome<Decision> & { readonly asItCame?: boolean } {
  const json = readJson(record)
  if (json.kind !== 'ok') return json
  let decision: Decision
  let asItCame = false
  if (isDecision(json.value)) {
    decision = json.value
    asItCame = true
  } else {
    const parsed = parseDecision(json.value)
    if (!parsed.success)
      return { kind: 'dead-letter', reason: 'invalid-decision', detail: problems(parsed.error) }
    decision = parsed.data
  }
  const ahead = instantMs(decision.decided_at) - record.appended_ms
  if (Number.isNaN(ahead)) {
    return { kind: 'dead-letter', reason: 'invalid-decision', detail: 'decided_at: no such day' }
  }
  if (ahead > FUTURE_MS) {
    const detail = `decided_at is ${Math.round(ahead / 1000)} s after the log took the event`
    return { kind: 'dead-letter', reason: 'future_dated', detail }
  }
  if (record.key !== decisionKey(decision)) return WRONG_KEY
  return { kind: 'ok', value: decision, asItCame }
}

/** Parses and checks a slim record; only our own first stage writes them, so a failure is somebody's meddling. */
export function readActivity(record: LogRecord): Outcome<Activity> {
  const json = readJson(record)
  if (json.kind !== 'ok') return json
  let activity: Activity
  if (isActivity(json.value)) activity = json.value
  else {
    const parsed = readEvent(Activity, json.value)
    if (parsed === undefined) {
      const { error } = Activity.safeParse(json.value)
      return { kind: 'dead-letter', reason: 'invalid-activity', detail: error ? problems(error) : '' }
    }
    activity = parsed
  }
  if (record.key !== entityKey(activity.tenant, activity.entity)) return WRONG_KEY
  return { kind: 'ok', value: activity }
}

/** Parses and checks what a revision did to somebody; only our own first stage writes them, and few. */
export function readPolicyEffect(record: LogRecord): Outcome<PolicyEffect> {
  const json = readJson(record)
  if (json.kind !== 'ok') return json
  const effect = readEvent(PolicyEffect, json.value)
  if (effect === undefined) {
    const { error } = PolicyEffect.safeParse(json.value)
    return { kind: 'dead-letter', reason: 'invalid-effect', detail: error ? problems(error) : '' }
  }
  if (record.key !== entityKey(effect.tenant, effect.entity)) return WRONG_KEY
  return { kind: 'ok', value: effect }
}

function readJson(record: LogRecord): Outcome<unknown> {
  if (record.value !== null && record.value.length > MOST_BYTES) {
    const detail = `${record.value.length} bytes, at most ${MOST_BYTES} are read`
    return { kind: 'dead-letter', reason: 'too-large', detail }
  }
  return parseJson(record)
}

function problems(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    .join('; ')
    .slice(0, 500)
}
