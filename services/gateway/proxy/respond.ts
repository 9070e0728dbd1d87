import type { OutgoingHttpHeaders } from 'node:http'
import type { Refused } from '../enforce.ts'
import { challenge, problem } from '../refusal/challenge.ts'
import { explanationOf } from '../refusal/explain.ts'
import { PAGE_HEADERS, refusalPage } from '../refusal/page.ts'

/** An answer of the gateway's own. */
export interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: string
}

export interface AnswerOptions {
  readonly console_url: string
  readonly contact: string | null
  /** Path of the sign-in page for this request; null: nobody can sign in here. */
  readonly sign_in: string | null
  readonly wants_page: boolean
}

/** The answer to a refused request: a page for people, a problem document with a challenge for programs. */
export function answerRefusal(refused: Refused, options: AnswerOptions): Answer {
  const { status, outcome, reasons, decision_id, step_up } = refused
  const explanation = explanationOf(reasons)
  const headers: OutgoingHttpHeaders = {
    ...(decision_id === null ? {} : { 'x-gatewatch-decision-id': decision_id }),
    ...(status === 401 ? { 'www-authenticate': challenge(reasons, step_up) } : {}),
    ...(status === 503 ? { 'retry-after': '5' } : {}),
  }
  if (options.wants_page) {
    const body = refusalPage({
      explanation,
      decision_id,
      contact: options.contact,
      console_url: options.console_url,
      sign_in: status === 401 ? options.sign_in : null,
    })
    return { status, headers: { ...PAGE_HEADERS, ...headers }, body }
  }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: problem(status, outcome, reasons, explanation, decision_id, step_up),
  }
}

/** Whether a person's browser navigates here, so that a page or a redirect makes sense. */
export function wantsPage(
  method: string,
  headers: { accept?: string | undefined; 'sec-fetch-mode'?: unknown; authorization?: unknown },
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (headers.authorization !== undefined) return false
  const mode = headers['sec-fetch-mode']
  if (mode !== undefined && mode !== 'navigate') return false
  return (headers.accept ?? '').includes('text/html')
}
