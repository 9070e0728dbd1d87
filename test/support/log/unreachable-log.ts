import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { wrapLog } from '../../../services/runtime/log/wrap-log.ts'

/**
 * How a log is away.
 *
 * - `well`: it is not.
 * - `refuse`: every call fails at once, as a client fails that knows no broker.
 * - `hang`: no call answers, as with a network that swallows packets; all go on at `come back`.
 * - `deaf`: what is appended is in the log, but the answer is a failure, as when a broker dies after the write.
 * - `read_only`: nothing can be appended, everything else answers, as with a full disk.
 * - `mute`: what is appended is in the log, but the answer never comes before it is back.
 */
export type Away = 'well' | 'refuse' | 'hang' | 'deaf' | 'mute' | 'read_only'

export interface UnreachableLog {
  readonly eventLog: EventLog
  /** How the log behaves from now on. `well` lets everything that hangs go on. */
  become(away: Away): void
  /** Appends that reached the real log. */
  readonly appends: { total: number }
}

/** The real log, with a switch that takes it away from the one who holds this. */
export function unreachableLog(real: EventLog): UnreachableLog {
  const now: { away: Away } = { away: 'well' }
  const appends = { total: 0 }
  let back = Promise.withResolvers<void>()

  async function reached(): Promise<void> {
    while (now.away === 'hang') await back.promise
    if (now.away === 'refuse') throw new Error('the log can not be reached')
  }
  async function append(records: Parameters<EventLog['append']>[0]): Promise<void> {
    await reached()
    const before = now.away
    if (before === 'read_only') throw new Error('nothing can be appended')
    await real.append(records)
    appends.total += 1
    if (before === 'deaf') throw new Error('the connection broke')
    if (before === 'mute') await back.promise
  }
  const eventLog = wrapLog(real, {
    append,
    async *read(topic, options) {
      await reached()
      yield* real.read(topic, options)
    },
    async watermarks(topic) {
      await reached()
      return real.watermarks(topic)
    },
    async committed(group, topic) {
      await reached()
      return real.committed(group, topic)
    },
  })
  return {
    eventLog,
    appends,
    become(next) {
      now.away = next
      if (next === 'hang' || next === 'mute') return
      back.resolve()
      back = Promise.withResolvers()
    },
  }
}
