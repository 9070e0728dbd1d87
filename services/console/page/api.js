/** The one place that speaks HTTP. Every failure is an ApiError whose message names the remedy. */

export class ApiError extends Error {
  /** @param {number} status 0 when there was no answer @param {string} message */
  constructor(status, message) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

/** @typedef {{ name: string, scopes: string[] }} Session */

/** @returns {Promise<Session>} */
export const getSession = () => request('GET', 'api/v1/session')
/** @param {string} token @returns {Promise<Session>} */
export const signIn = (token) => request('POST', 'api/v1/session', { token })
/** @returns {Promise<void>} */
export const signOut = () => request('DELETE', 'api/v1/session')

/**
 * @template T
 * @param {import('./questions.js').Question<T>} question
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function ask({ path, query }, signal) {
  return request('GET', withQuery(`api/v1/${path}`, query), undefined, signal)
}

/** @param {string} path @param {unknown} body @returns {Promise<void>} */
export function post(path, body) {
  return request('POST', `api/v1/${path}`, body)
}

/** A list is written value by value. @param {string} path @param {import('./questions.js').Query} query */
export function withQuery(path, query) {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== null && each !== '') params.append(key, String(each))
  }
  const text = params.toString()
  return text ? `${path}?${text}` : path
}

/**
 * @param {string} method
 * @param {string} path relative, so that the console works below a prefix as well
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 */
async function request(method, path, body, signal) {
  /** @type {Response} */
  let response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(signal && { signal }),
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'Gatewatch does not answer. Is it still running? This page tries again by itself.')
  }
  if (response.status === 204) return undefined
  const answer = await response.json().catch(() => null)
  if (response.ok) return answer
  throw new ApiError(response.status, remedy(response.status, answer))
}

/** @param {number} status @param {unknown} answer */
function remedy(status, answer) {
  const said =
    typeof answer === 'object' && answer !== null && 'message' in answer && typeof answer.message === 'string'
      ? answer.message
      : ''
  if (said) return said
  if (status === 401) return 'Your session has ended. Sign in again.'
  if (status === 403) return 'This token may not do that. Ask for one with the scope analyst.'
  if (status === 404) return 'There is nothing under this address.'
  if (status === 429) return 'Too many requests; wait a moment.'
  if (status === 503) return 'The store does not answer; gatewatch status says why.'
  return `The server answered ${status}.`
}
