/**
 * Asks again every 10 ms until there is an answer; fails after `withinMs`,
 * naming what did not happen. The bound ends a test that hangs, on a machine
 * that may be slow for a while; a time that is promised is looked at by itself.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  withinMs = 150_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== null && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`in vain: ${what}, within ${withinMs} ms`)
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
}
