import { retry } from '../retrying.ts'
import { check } from '../wire/faults.ts'
import type { Link } from '../wire/link.ts'
import type { Producer } from '../wire/record-batch.ts'
import { initProducer } from '../wire/transaction-requests.ts'

/** The broker aborts a transaction that its producer left open for this long. Readers of its partitions wait until then. */
export const TRANSACTION_MS = 10_000
const WITHIN_MS = 6_000

/** Takes the next epoch of a transactional id: its open transaction is aborted, and its last user refused from here on. */
export async function fence(link: Link, id: string): Promise<Producer> {
  let producer: Producer = { id: -1, epoch: -1 }
  await retry(link, WITHIN_MS, 1, async () => {
    const node = await link.coordinator('transaction', id)
    const answer = await link.send(node, initProducer(id, TRANSACTION_MS))
    check(`transactional id ${id} (InitProducerId)`, answer.error)
    producer = answer.producer
  })
  return producer
}
