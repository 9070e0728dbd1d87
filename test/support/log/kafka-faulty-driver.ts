import { writeSync } from 'node:fs'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import { Link } from '../../../services/runtime/log/kafka/wire/link.ts'
import type { KafkaRequest } from '../../../services/runtime/log/kafka/wire/request.ts'
import { openTestLog } from './kafka-log-driver.ts'

/** What befalls a client's process at one of its requests. */
export interface Fault {
  /** The request's name in Kafka's protocol, and which one of them. */
  readonly at: string
  readonly nth: number
  /** Before it is sent; when it has been, without waiting for the answer; when the answer is there. */
  readonly when: 'before' | 'sent' | 'after'
  /** SIGKILL, or SIGSTOP: a sleeper that somebody wakes later. */
  readonly signal: 'SIGKILL' | 'SIGSTOP'
  /** Transactions of the first version, as clusters before Kafka 4 have them. */
  readonly version: 1 | 2
}

export interface FaultyArgument {
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly session_ms: number
  readonly fault?: Fault
}

/** Long enough for the kernel to have taken the bytes. */
const SENT_MS = 3

/** How a child process opens a log that meets a fault; the argument is JSON of `FaultyArgument`. */
export function openForChild(argument: string): Promise<EventLog> {
  const { brokers, prefix, session_ms, fault }: FaultyArgument = JSON.parse(argument)
  if (fault !== undefined) meet(fault)
  return openTestLog({ brokers, prefix, session_ms })
}

function meet({ at, nth, when, signal, version }: Fault): void {
  const send: unknown = Reflect.get(Link.prototype, 'send')
  if (typeof send !== 'function') throw new Error('a link has no send')
  let count = 0
  Reflect.set(
    Link.prototype,
    'send',
    async function (this: Link, node: number, request: KafkaRequest<unknown>): Promise<unknown> {
      const answer = (): Promise<unknown> => Reflect.apply(send, this, [node, request])
      if (request.name === 'ApiVersions' && version === 1) return 0
      if (request.name !== at || ++count !== nth) return await answer()
      if (when === 'before') end(signal)
      const answered = answer()
      if (when === 'sent') setTimeout(end, SENT_MS, signal)
      const got = await answered
      if (when === 'after') end(signal)
      return got
    },
  )
}

/** Says so first: who sleeps can't. */
function end(signal: NodeJS.Signals): void {
  writeSync(1, 'met its fault\n')
  process.kill(process.pid, signal)
}
