import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { LogTopic } from '../../../schemas/topics.ts'
import type { Whole } from '../../../services/cli/bench/whole.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { eventually } from '../eventually.ts'

const CLIENTS = 8
/** Between two requests of one client: load enough for something to be under way at any moment, and processors left for the rest. */
const PAUSE_MS = 50
const PROBING_PAUSE_MS = 5
const Answer = z.object({ context: z.object({ decision_id: z.string() }) })

export interface Asking {
  /** Ids of the decisions that were answered so far, in the order of the answers. */
  readonly acknowledged: readonly string[]
  /** Resolves to them when the process is gone, or `stop` was called. */
  readonly ended: Promise<readonly string[]>
  stop(): Promise<readonly string[]>
  /** Resolves when so many more were answered, however long a busy machine takes. */
  more(count: number): Promise<void>
}

/** Asks a decision point for decisions, by some clients at once, until its process is gone. */
export function askUntilGone(whole: Pick<Whole, 'evaluation'>, token: string, round: number): Asking {
  const acknowledged: string[] = []
  const stopping = new AbortController()
  const one = async (client: number): Promise<void> => {
    for (let turn = 0; !stopping.signal.aborted; turn += 1) {
      // Client 0 is refused again and again, over four rounds: a burst that must be found, once, whoever dies when.
      const probing = client === 0
      const body = {
        subject: {
          type: 'user',
          id: probing ? `mallory-${round >> 2}` : `person-${(turn * CLIENTS + client) % 40}`,
        },
        action: { name: probing ? 'delete' : 'read' },
        resource: { type: 'record', id: String(turn % 50) },
        context: { ip: `198.51.100.${client + 1}`, user_agent: 'load/1.0' },
      }
      try {
        const response = await fetch(whole.evaluation, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        if (!response.ok) continue
        acknowledged.push(Answer.parse(await response.json()).context.decision_id)
      } catch {
        return
      }
      await sleep(probing ? PROBING_PAUSE_MS : PAUSE_MS)
    }
  }
  const ended = Promise.all(Array.from({ length: CLIENTS }, (_, client) => one(client))).then(
    () => acknowledged,
  )
  return {
    acknowledged,
    ended,
    stop() {
      stopping.abort()
      return ended
    },
    async more(count) {
      const wanted = acknowledged.length + count
      await eventually('more answers', () => acknowledged.length >= wanted)
    },
  }
}

/** Every value of a topic, parsed, in the order of the log. */
export async function readJson(eventLog: EventLog, topic: LogTopic): Promise<unknown[]> {
  const values: unknown[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition })) {
      for (const { value } of records)
        if (value !== null) values.push(JSON.parse(new TextDecoder().decode(value)))
    }
  }
  return values
}
