/**
 * Looks at the first `bytes` bytes of a stream (fewer only if it is shorter),
 * and gives the whole stream back.
 */
export async function peek(
  chunks: AsyncIterable<Buffer>,
  bytes: number,
): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  const parts: Buffer[] = []
  let length = 0
  let failure: { error: unknown } | null = null
  while (length < bytes) {
    try {
      const next = await iterator.next()
      if (next.done === true) break
      parts.push(next.value)
      length += next.value.length
    } catch (error) {
      // What came before the fault is read first.
      failure = { error }
      break
    }
  }
  const head = Buffer.concat(parts)
  const ended = length < bytes
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head
      if (failure !== null) throw failure.error
      if (ended) return
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
        yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return { head, all: all() }
}
