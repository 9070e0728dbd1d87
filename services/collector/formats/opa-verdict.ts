import type { Verdict } from './http-verdict.ts'
import { isObject, objectOf, textOf, type JsonObject } from './json.ts'

/** Members by which policies say yes, in the order in which they are believed. */
const YES = ['allow', 'allowed', 'permit', 'permitted', 'authorized', 'decision', 'is_allowed']
/** Members and rule names that say no when true, or when they list anything. */
const NO = ['deny', 'denied', 'violation', 'violations']

/**
 * What a policy said.
 *
 * | result | verdict |
 * |---|---|
 * | true, `"true"`, or an object whose `allow` (`allowed`, `permit`, …) is true and that denies nothing | `permit`, `policy_permit` |
 * | false, an object whose `allow` is false or whose `deny` lists something | `deny`, `policy_deny` |
 * | of a rule named `deny` or `violation`: true or a list with members; false or an empty list | `deny`; `permit` |
 * | an object with `http_status` 401, or a redirect (Envoy's plugin), without saying yes | `deny`; `step_up`, `not_authenticated`: the client is sent to sign in |
 * | Kubernetes' AdmissionReview: response.allowed | `permit`, `deny` |
 * | none, with an error | `error_closed`, `policy_error` |
 * | none, and `erased` names it | no decision: it was, and is not told |
 * | none (undefined: no rule applied) | `deny`, `no_rule_matched`: what does not say yes is no |
 * | anything else | no decision |
 */
export function opaVerdict(event: JsonObject, path: string): Verdict | null {
  const result = event['result']
  if (result === undefined) {
    if (isErased(event)) return null
    return event['error'] === undefined ? ['deny', 'no_rule_matched'] : ['error_closed', 'policy_error']
  }
  const rule = path.split(/[/.]/).at(-1) ?? ''
  if (NO.includes(rule)) return verdict(denies(result), true)
  return isObject(result) ? ofObject(result) : verdict(truth(result), false)
}

function ofObject(result: JsonObject): Verdict | null {
  const review = truth(objectOf(result, 'response')?.['allowed'])
  const yes = YES.map((name) => truth(result[name])).find((each) => each !== null) ?? review
  const no = NO.map((name) => denies(result[name])).filter((each) => each !== null)
  if (yes === null) return no.length === 0 ? null : verdict(no.includes(true), true)
  if (yes && !no.includes(true)) return ['permit', 'policy_permit']
  const status = textOf(result, 'http_status')
  if (/^3\d\d$/.test(status)) return ['step_up', 'not_authenticated']
  return ['deny', status === '401' ? 'not_authenticated' : 'policy_deny']
}

/** A policy of masks may take the result out of the event, and says so. */
function isErased(event: JsonObject): boolean {
  const erased = event['erased']
  return Array.isArray(erased) && erased.some((pointer) => /^\/result(?:\/|$)/.test(String(pointer)))
}

/** `said`: what a rule says; `denying`: it says no. */
function verdict(said: boolean | null, denying: boolean): Verdict | null {
  if (said === null) return null
  return said === denying ? ['deny', 'policy_deny'] : ['permit', 'policy_permit']
}

function truth(value: unknown): boolean | null {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : null
}

function denies(value: unknown): boolean | null {
  if (Array.isArray(value)) return value.length > 0
  return isObject(value) ? Object.keys(value).length > 0 : truth(value)
}
