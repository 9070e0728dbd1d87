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

const wholeDecision = accepts(Decision)
const wholeActivity = accepts(Activity)

/** Nearly every event needs nothing filled in or moved, and is used as it is. */
function isDecision(value: unknown): value is Decision {
  return wholeDecision(value)
}

function isActivity(value: unknown): value is Activity {
  return wholeActivity(value)
}

/** Parses and checks a decision, once, at this edge. Never throws for what it was given. */
export function readDecision(record: LogRecord): Outcome<Decision> {
  const json = readJson(record)
  if (json.kind !== 'ok') return json
  let decision: Decision
  if (isDecision(json.value)) decision = json.value
  else {
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
  return { kind: 'ok', value: decision }
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
