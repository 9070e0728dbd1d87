import { GatewatchError } from '../runtime/errors.ts'

/** An instant that was given as an option, ms; null where it was not. */
export function instantOf(text: string | undefined, option: string): number | null {
  if (text === undefined) return null
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new GatewatchError('ERR_USAGE', `${option} must be an instant such as 2026-01-31T09:30:00Z.`)
  return ms
}
