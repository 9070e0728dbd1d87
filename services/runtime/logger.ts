import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { LogLevel } from './log-levels.ts'

/** What must never be read in a log, wherever it stands at the first three levels of an entry. */
const SECRET_KEYS = [
  'authorization',
  'cookie',
  '"set-cookie"',
  '"proxy-authorization"',
  '"x-api-key"',
  'token',
  'access_token',
  'id_token',
  'refresh_token',
  'client_secret',
  'password',
  'secret',
]

const REDACTED = SECRET_KEYS.flatMap((key) => {
  const member = key.startsWith('"') ? `[${key}]` : `.${key}`
  return [key.startsWith('"') ? `[${key}]` : key, `*${member}`, `*.headers${member}`, `headers${member}`]
})

/**
 * The log: one JSON object a line. INFO is life-cycle, WARN what was recovered,
 * ERROR that data was lost or a person must act. No subject id, token or body
 * is logged; `decision_id` is the handle.
 */
export function createLogger(options: {
  readonly level: LogLevel
  readonly destination?: DestinationStream
}): Logger {
  const settings = {
    level: options.level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}

/** A destination for a person at a terminal: time, level, message and the remaining fields in one line. */
export function terminalDestination(output: { write(text: string): unknown }): DestinationStream {
  return {
    write(line) {
      output.write(readable(line))
    },
  }
}

function readable(line: string): string {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return line
  }
  if (typeof entry !== 'object' || entry === null) return line
  const { level, time, msg, pid: _pid, err, ...rest } = Object.fromEntries(Object.entries(entry))
  const name = pino.levels.labels[Number(level)] ?? String(level)
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`)
  const stack = isRecord(err) && typeof err['stack'] === 'string' ? `\n${err['stack']}` : ''
  return `${String(time).slice(11, 23)} ${name.toUpperCase().padEnd(5)} ${String(msg ?? '')}${fields.join('')}${stack}\n`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
