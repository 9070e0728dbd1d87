import { ListError } from './list-error.ts'

/** Bytes of one list at most, unpacked; of a TAXII collection, of all its pages together. */
export const MOST_BYTES = 64 * 1024 * 1024

export interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * One GET, bounded in time by `signal` and in bytes. Answers other than 200 and
 * 304 fail, a redirect too: who answers must not send our credentials elsewhere.
 *
 * @throws ListError, and what `fetch` throws
 */
export async function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { signal, most_bytes = MOST_BYTES }: { readonly signal: AbortSignal; readonly most_bytes?: number },
): Promise<Got> {
  const response = await fetch(url, {
    headers: { 'user-agent': 'gatewatch', ...headers },
    redirect: 'manual',
    signal,
  })
  const { status } = response
  if (status !== 200) {
    await response.body?.cancel()
    if (status === 304) return { status, headers: response.headers, text: '' }
    throw new ListError(`the server answered ${status}`)
  }
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > most_bytes) throw new ListError(`it has more than ${most_bytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return { status, headers: response.headers, text: text + decoder.decode() }
}
