import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, ask } from './api.js'

/** The present, again every `everyMs`. Stands still while the page is hidden. @param {number} everyMs */
export function useNow(everyMs) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/**
 * @template T
 * @typedef {{ data: T | undefined, error: ApiError | undefined, loading: boolean, reload: () => void }} Loaded
 */

/**
 * Loads from the API, again when the address changes, and every `everyMs` while
 * the page is seen. While it loads again the data before stays.
 *
 * @template T
 * @param {import('./questions.js').Question<T> | null} question null loads nothing
 * @param {number | ((loaded: { data?: T | undefined, error?: ApiError | undefined }) => number)} [everyMs] 0: once; may go by what was answered
 * @returns {Loaded<T>}
 */
export function useApi(question, everyMs = 0) {
  const key = question ? `${question.path}?${JSON.stringify(question.query)}` : ''
  const [state, setState] = useState(
    /** @returns {{ key: string, data?: T | undefined, error?: ApiError | undefined, loading: boolean }} */ () => ({
      key,
      loading: question !== null,
    }),
  )
  const [turn, setTurn] = useState(0)
  const newest = useRef(key)
  newest.current = key

  useEffect(() => {
    if (!question) return undefined
    const aborter = new AbortController()
    setState((before) => ({ ...(before.key === key ? before : {}), key, loading: true }))
    ask(question, aborter.signal).then(
      (data) => newest.current === key && setState({ key, data, loading: false }),
      (error) => {
        if (aborter.signal.aborted || newest.current !== key) return
        const failed = error instanceof ApiError ? error : new ApiError(0, String(error))
        if (failed.status === 401) window.dispatchEvent(new Event('signed-out'))
        setState((before) => ({ key, data: before.data, error: failed, loading: false }))
      },
    )
    return () => aborter.abort()
  }, [key, turn])

  const fresh = state.key === key
  const pauseMs = typeof everyMs === 'number' ? everyMs : everyMs(fresh ? state : {})
  useEffect(() => {
    if (pauseMs === 0 || !key) return undefined
    const timer = setInterval(() => document.hidden || setTurn((t) => t + 1), pauseMs)
    return () => clearInterval(timer)
  }, [pauseMs, key === ''])

  const reload = useCallback(() => setTurn((t) => t + 1), [])
  return {
    data: fresh ? state.data : undefined,
    error: fresh ? state.error : undefined,
    loading: fresh ? state.loading : question !== null,
    reload,
  }
}

/** Sets the document's title while the view is there. @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · Gatewatch` : 'Gatewatch'
  }, [title])
}

/** Colours are drawn into a canvas, so the chart is made anew when they change. */
export function useDark() {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'))
  const [dark, setDark] = useState(query.matches)
  useEffect(() => {
    const changed = () => setDark(query.matches)
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [query])
  return dark
}
