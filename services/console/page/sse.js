/**
 * Follows a server-sent event stream until `close`. EventSource reconnects by
 * itself; an answer that is no stream (401, 503) ends it, so then it is opened
 * anew after a pause that doubles up to 30 s.
 *
 * @param {string} url
 * @param {Readonly<Record<string, (data: any) => void>>} listeners by event name; the data is parsed JSON
 * @param {(connected: boolean) => void} changed
 */
export function followEvents(url, listeners, changed) {
  /** @type {EventSource | undefined} */
  let source
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let pauseMs = 1000
  const open = () => {
    source = new EventSource(url)
    source.addEventListener('open', () => {
      pauseMs = 1000
      changed(true)
    })
    source.addEventListener('error', () => {
      changed(false)
      if (source?.readyState !== EventSource.CLOSED) return
      source.close()
      timer = setTimeout(open, pauseMs)
      pauseMs = Math.min(pauseMs * 2, 30_000)
    })
    for (const [name, listener] of Object.entries(listeners)) {
      source.addEventListener(name, (event) => {
        if (event instanceof MessageEvent && typeof event.data === 'string') listener(JSON.parse(event.data))
      })
    }
  }
  open()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}
