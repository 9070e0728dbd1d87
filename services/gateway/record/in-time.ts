import { within } from '../../runtime/within.ts'
import type { Recorder } from './recorder.ts'

/**
 * Whether a decision that was taken is on disk in time. One of break glass is
 * not waited for while nothing can be recorded: it is taken and will be, and the
 * door must open meanwhile.
 */
export async function inTime(
  recorder: Pick<Recorder, 'refusing'>,
  durable: Promise<void>,
  { breakGlass, timeout_ms }: { readonly breakGlass: boolean; readonly timeout_ms: number },
): Promise<boolean> {
  if (breakGlass && recorder.refusing() !== null) return true
  return (await within(durable, timeout_ms)) !== 'late'
}
