/** Asks again every 10 ms until there is an answer; fails after `withinMs`, naming what did not happen. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  withinMs = 10_000,
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
