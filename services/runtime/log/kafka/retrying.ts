import { Pauses } from './pauses.ts'
import type { PartitionError } from './wire/by-topic.ts'
import { CODES, codeOf, isPassing, KafkaFault } from './wire/faults.ts'
import type { Link } from './wire/link.ts'

/** A transaction follows the last one of its producer within milliseconds, while that one's markers are being written. */
const CONCURRENT_MOST_MS = 20

/** Tries again within a few milliseconds at first: most of what passes has passed by then. */
export async function retry(
  link: Link,
  withinMs: number,
  firstPauseMs: number,
  attempt: () => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + withinMs
  const quick = new Pauses(firstPauseMs, CONCURRENT_MOST_MS)
  const slow = new Pauses(10, 500)
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) throw error
      const concurrent = codeOf(error) === CODES.concurrent_transactions
      if (!concurrent) link.doubt(error)
      await (concurrent ? quick : slow).wait()
    }
  }
}

/** All of them are waited for even when one fails, so that nothing of a transaction is under way after its end. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const values: T[] = []
  let failure: { readonly reason: unknown } | undefined
  for (const one of await Promise.allSettled(promises)) {
    if (one.status === 'fulfilled') values.push(one.value)
    else failure ??= one
  }
  if (failure !== undefined) throw failure.reason
  return values
}

/** The fault that matters most: one that doesn't pass before one that does. */
export function checkAll(what: string, answers: readonly PartitionError[]): void {
  const faults = answers
    .filter(({ error }) => error !== CODES.none)
    .map(
      ({ topic, partition, error }) =>
        new KafkaFault(topic === '' ? what : `${topic}/${partition} (${what})`, error),
    )
  const worst = faults.find((fault) => !fault.passing) ?? faults[0]
  if (worst !== undefined) throw worst
}
