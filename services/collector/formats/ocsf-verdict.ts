import { Reason } from '../../../schemas/reasons.ts'
import { verdictOfStatus, type Verdict } from './http-verdict.ts'
import { objectOf, textOf, type JsonObject } from './json.ts'
import { wholeOf } from './request.ts'

const PERMITTED = new Set([1, 8])
const BLOCKED = new Set([2, 3, 4, 5, 6, 9, 25, 26])
const DENIED = /denied|unauthori[sz]ed|forbidden|not.?authori[sz]ed|permission|insufficient/i

/**
 * What an OCSF event says of access: the profile security_control (action_id,
 * disposition_id) before the status. It reads back what `schemas/ocsf.ts` writes.
 *
 * | OCSF | verdict |
 * |---|---|
 * | disposition_id 24 Access Revoked | `revoke` |
 * | 27 Error with action_id 1 Allowed; 27 otherwise | `error_open`; `error_closed` |
 * | disposition `Step-Up…`; 22 Captcha, 23 Challenge | `step_up` |
 * | action_id 1; 2 | `permit`; `deny` |
 * | disposition_id 1, 8; 2 to 6, 9, 25, 26 | `permit`; `deny` |
 * | 6004: activity_id 1 Grant, 2 Deny, 3 Revoke, 4 Error | `permit`, `deny`, `revoke`, `error_closed` |
 * | HTTP Activity: the response's code; of others too, where they have no status | as `http-verdict.ts` |
 * | status_id 1 Success, or only status `Success` | `permit` |
 * | status_id 2 Failure, or only status `Failure`, of a sign-in, or with a status_code of ours | `deny` |
 * | status_id 2 of another class | `deny` where its code or detail speaks of permission or says nothing; else `permit`: the call failed otherwise |
 * | none of these | no decision |
 *
 * The reason is status_code where it is one of ours.
 *
 * @see Open Cybersecurity Schema Framework 1.8.0, classes 3002, 4002, 6001,
 *   6003, 6004 and profile security_control.
 */
export function ocsfVerdict(event: JsonObject, classUid: number): Verdict | null {
  const outcome =
    ofControl(event) ?? (classUid === 6004 ? ofActivity(event) : null) ?? ofStatus(event, classUid)
  if (outcome === null) return null
  const ours = Reason.safeParse(event['status_code'])
  if (ours.success) return [outcome[0], ours.data]
  return outcome[0] === 'deny' && classUid === 3002 ? ['deny', signInFailure(event)] : outcome
}

function ofControl(event: JsonObject): Verdict | null {
  const action = wholeOf(event['action_id'])
  const disposition = wholeOf(event['disposition_id']) ?? 0
  if (disposition === 24) return ['revoke', 'session_revoked']
  if (disposition === 27) return [action === 1 ? 'error_open' : 'error_closed', 'policy_error']
  if (disposition === 22 || disposition === 23 || /^step.?up/i.test(textOf(event, 'disposition'))) {
    return ['step_up', 'step_up_required']
  }
  if (action === 1 || (action !== 2 && PERMITTED.has(disposition))) return ['permit', 'foreign_permit']
  return action === 2 || BLOCKED.has(disposition) ? ['deny', 'foreign_deny'] : null
}

const ACTIVITIES: readonly (Verdict | null)[] = [
  null,
  ['permit', 'foreign_permit'],
  ['deny', 'foreign_deny'],
  ['revoke', 'session_revoked'],
  ['error_closed', 'policy_error'],
]

function ofActivity(event: JsonObject): Verdict | null {
  return ACTIVITIES[wholeOf(event['activity_id']) ?? 0] ?? null
}

function ofStatus(event: JsonObject, classUid: number): Verdict | null {
  const code = wholeOf(objectOf(event, 'http_response')?.['code'])
  if (classUid === 4002 && code !== null) return verdictOfStatus(code, { answered: true, user: false })
  const response = objectOf(objectOf(event, 'api'), 'response')
  const status = statusOf(event)
  if (status === 1) return ['permit', 'foreign_permit']
  if (status === null) return ofResponse(code ?? wholeOf(response?.['code']))
  if (status !== 2) return null
  if (classUid === 3002 || Reason.safeParse(event['status_code']).success)
    return ['deny', 'credentials_rejected']
  const why = [
    textOf(event, 'status_code'),
    textOf(event, 'status_detail'),
    textOf(response, 'error'),
    textOf(response, 'error_message'),
    textOf(response, 'code'),
  ].filter((text) => text !== '')
  if (why.some((text) => DENIED.test(text) || text === '403')) return ['deny', 'permission_missing']
  if (why.includes('401')) return ['deny', 'not_authenticated']
  return why.length === 0 ? ['deny', 'foreign_deny'] : ['permit', 'foreign_permit']
}

/** The status, or its caption where a producer writes that alone; null for neither. */
function statusOf(event: JsonObject): number | null {
  const caption = textOf(event, 'status').toLowerCase()
  return wholeOf(event['status_id']) ?? (caption === 'success' ? 1 : caption === 'failure' ? 2 : null)
}

/** Codes of HTTP, which APIs answer with. */
function ofResponse(code: number | null): Verdict | null {
  return code === null || code < 100 || code > 599
    ? null
    : verdictOfStatus(code, { answered: true, user: false })
}

const SIGN_IN: readonly (readonly [RegExp, Verdict[1]])[] = [
  [/does.?not.?exist|unknown.?user|no.?such.?user|invalid.?user/i, 'account_unknown'],
  [/locked|disabled|suspended/i, 'account_locked'],
  [/mfa|second.?factor|otp|multi.?factor/i, 'mfa_rejected'],
  [/policy|conditional/i, 'policy_deny'],
]

function signInFailure(event: JsonObject): Verdict[1] {
  const why = `${textOf(event, 'status_code')} ${textOf(event, 'status_detail')}`
  // Windows says both in one sentence, and does not tell which.
  if (/bad password/i.test(why)) return 'credentials_rejected'
  return SIGN_IN.find(([pattern]) => pattern.test(why))?.[1] ?? 'credentials_rejected'
}
