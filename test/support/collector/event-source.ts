interface ReceivedEvent {
  readonly event: string
  readonly id: string
  readonly data: unknown
}

export interface EventReader {
  readonly status: number
  readonly events: ReceivedEvent[]
  readonly comments: string[]
  /** True when the server has ended the stream. */
  readonly ended: () => boolean
  close(): void
}

/** Reads a server-sent event stream (WHATWG HTML, section 9.2) with headers of one's own. */
export async function readEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const events: ReceivedEvent[] = []
  const comments: string[] = []
  let ended = false
  const read = async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk, { stream: true })
      const blocks = rest.split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = block.split('\n').map((line) => {
          const at = line.indexOf(':')
          return [line.slice(0, at), line.slice(at + 1).trimStart()] as const
        })
        const field = (name: string) => fields.find(([key]) => key === name)?.[1]
        const event = field('event')
        if (event === undefined) comments.push(block)
        else events.push({ event, id: field('id') ?? '', data: JSON.parse(field('data') ?? 'null') })
      }
    }
  }
  void read()
    .catch(() => undefined)
    .finally(() => {
      ended = true
    })
  return { status: response.status, events, comments, ended: () => ended, close: () => abort.abort() }
}
