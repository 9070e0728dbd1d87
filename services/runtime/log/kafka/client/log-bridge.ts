import { logLevel } from 'kafkajs'
import type { LogEntry } from 'kafkajs'
import type { Logger } from 'pino'

/** What an entry of kafkajs may carry into our log. Everything else could be a payload or a credential. */
const FIELDS = [
  'broker',
  'groupId',
  'memberId',
  'topic',
  'partition',
  'error',
  'retryCount',
  'retryTime',
] as const

/**
 * kafkajs's log, for who debugs: what it calls an error it retries by itself,
 * up to twenty lines for each short outage, and what stays broken comes to us
 * as an exception.
 */
export function logBridge(logger: Logger): (entry: LogEntry) => void {
  const kafka = logger.child({ service: 'kafka' })
  return ({ namespace, log }) => {
    const fields: Record<string, string | number> = {}
    for (const name of FIELDS) {
      const value: unknown = log[name]
      if (typeof value === 'string') fields[name] = value.slice(0, 300)
      else if (typeof value === 'number') fields[name] = value
    }
    kafka.debug(fields, `${namespace}: ${log.message.slice(0, 300)}`)
  }
}

/** None of kafkajs's entries unless our level shows them: it builds each one before it asks. */
export function logLevelOf(logger: Logger): logLevel {
  return logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.NOTHING
}
