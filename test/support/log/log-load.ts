import { setTimeout as pause } from 'node:timers/promises'
import type { LogTopic } from '../../../schemas/topics.ts'
import { GatewatchError } from '../../../services/runtime/errors.ts'
import type { EventLog, OutRecord } from '../../../services/runtime/log/event-log.ts'

/** Something is always under way in one of the three ways, and processors are left for who is killed and comes back. */
const PAUSE_MS = 15

/** Appends for as long as `sending.now` says so, five records at a time, and resolves to the values that were taken. */
async function writeWhile(
  sending: { readonly now: boolean },
  topic: LogTopic,
  name: string,
  append: (records: readonly OutRecord[]) => Promise<unknown>,
): Promise<string[]> {
  const sent: string[] = []
  for (let i = 0; sending.now; i++) {
    const records = Array.from({ length: 5 }, (_, n) => ({
      topic,
      key: `${name}-${n}`,
      value: `${name}-${i}-${n}`,
    }))
    await append(records)
    sent.push(...records.map(({ value }) => value))
    await pause(PAUSE_MS)
  }
  return sent
}

/**
 * Brings what was refused again until it is taken, as a spool does. Only what
 * was refused: while an append is under way nobody knows its fate, and its
 * records brought beside it are other records.
 */
export async function untilTaken(
  append: () => Promise<unknown>,
  codes: Set<string> = new Set(),
): Promise<void> {
  for (;;) {
    try {
      await append()
      return
    } catch (error) {
      if (!(error instanceof GatewatchError) || !error.retriable) throw error
      codes.add(error.code)
    }
  }
}

/** Appends in each way that there is, for as long as `sending.now` says so; gives what was taken. */
export async function writeEveryWay(
  sending: { readonly now: boolean },
  log: EventLog,
  topic: LogTopic,
  codes: Set<string>,
): Promise<string[]> {
  const sent = await Promise.all([
    writeWhile(sending, topic, 'single', (records) =>
      Promise.all(records.map((one) => untilTaken(() => log.append([one]), codes))),
    ),
    writeWhile(sending, topic, 'independent', (records) =>
      untilTaken(() => log.append(records, { independent: true }), codes),
    ),
    writeWhile(sending, topic, 'together', (records) => untilTaken(() => log.append(records), codes)),
  ])
  return sent.flat()
}
