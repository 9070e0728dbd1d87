import type { ServerResponse } from 'node:http'

/** Headers of a stream that nothing on the way may keep or change. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no',
} as const

/** One server-sent event (WHATWG HTML, section 9.2). `data` holds no line break: JSON has none. */
export function formatEvent(event: string, data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`
}

/** A stream to one reader, bounded: what it leaves unread beyond the limit ends it. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #maxUnreadBytes: number
  readonly #slow: () => void

  constructor(response: ServerResponse, maxUnreadBytes: number, slow: () => void) {
    this.#response = response
    this.#maxUnreadBytes = maxUnreadBytes
    this.#slow = slow
  }

  get open(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  /** Writes without waiting; a reader that is too far behind is cut off and may come back with its last id. */
  send(text: string): void {
    if (!this.open) return
    this.#response.write(text)
    if (this.#response.writableLength <= this.#maxUnreadBytes) return
    this.#slow()
    this.#response.destroy()
  }

  /** Writes, and waits while much is unread: for catching up at the reader's own pace. */
  async sendPatiently(text: string): Promise<void> {
    if (!this.open) return
    this.#response.write(text)
    if (this.#response.writableLength < this.#maxUnreadBytes / 2) return
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#response.off('drain', done)
        this.#response.off('close', done)
        resolve()
      }
      this.#response.once('drain', done)
      this.#response.once('close', done)
    })
  }

  end(): void {
    if (this.open) this.#response.end()
  }
}
