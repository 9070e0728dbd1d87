import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, ask } from '../api.js'

/**
 * @template T
 * @typedef {{ data: T | undefined, error: ApiError | undefined, since: number | undefined }} Answering `since` is when the question was asked that is still open, in ms
 */

/**
 * Asks again when the question or `turn` changes. What was answered before stays
 * until the new answer is there, so that a board that refreshes doesn't flicker.
 * When `stopped`, or when nobody looks any more, the request is dropped, and the
 * store drops the query.
 *
 * @template T
 * @param {import('../questions.js').Question<T> | null} question null asks nothing
 * @param {{ turn: number, stopped: boolean }} when
 * @returns {Answering<T>}
 */
export function useAnswer(question, { turn, stopped }) {
  const mark = question && !stopped ? JSON.stringify([turn, question.path, question.query]) : ''
  const [state, setState] = useState(
    /** @returns {{ data?: T | undefined, error?: ApiError | undefined, mark: string, since: number }} */ () => ({
      mark: '',
      since: Date.now(),
    }),
  )
  const asked = useRef(question)
  asked.current = question

  useEffect(() => {
    const { current } = asked
    if (!current || !mark) return undefined
    const aborter = new AbortController()
    setState((before) => ({ ...before, since: Date.now() }))
    ask(current, aborter.signal).then(
      (data) =>
        !aborter.signal.aborted && setState((before) => ({ ...before, data, error: undefined, mark })),
      (error) => {
        if (aborter.signal.aborted) return
        const failed = error instanceof ApiError ? error : new ApiError(0, String(error))
        if (failed.status === 401) window.dispatchEvent(new Event('signed-out'))
        setState((before) => ({ ...before, error: failed, mark }))
      },
    )
    return () => aborter.abort()
  }, [mark])

  const open = mark !== '' && state.mark !== mark
  return { data: state.data, error: open ? undefined : state.error, since: open ? state.since : undefined }
}
