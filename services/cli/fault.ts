import { GatewatchError } from '../runtime/errors.ts'
import type { CliIo } from './io.ts'

/** Mistakes of configuration and usage: nothing was started, and the person corrects something. */
const MISTAKES: ReadonlySet<string> = new Set([
  'ERR_CONFIG_INVALID',
  'ERR_POLICY_INVALID',
  'ERR_USAGE',
  'ERR_RANGE_TOO_LARGE',
  'ERR_IMPORT_INPUT',
  'ERR_EVALUATE_INPUT',
])

/** Exit code of a failed command: 2 for a mistake in configuration or usage, 1 for a fault. */
export function exitCodeOf(error: unknown): number {
  return error instanceof GatewatchError && MISTAKES.has(error.code) ? 2 : 1
}

/** Says what failed in one sentence; the stack only when asked for. */
export function printFault(error: unknown, io: CliIo, verbose: boolean): void {
  io.stderr.write(`gatewatch: ${sentenceOf(error)}\n`)
  if (verbose && error instanceof Error) {
    io.stderr.write(`${error.stack ?? error.message}\n`)
    if (error.cause instanceof Error)
      io.stderr.write(`caused by ${error.cause.stack ?? error.cause.message}\n`)
  } else if (!(error instanceof GatewatchError)) {
    io.stderr.write('Run the same with --verbose to see where it failed.\n')
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof GatewatchError) return error.message
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // lmdb tells of a full disk in words only, with the system's number.
  if (code === 'ENOSPC' || code === 28)
    return 'The disk is full; free some space, or set data_dir (GATEWATCH_DATA_DIR) to another disk. Nothing that was acknowledged is lost.'
  if (code === 'EACCES' || code === 'EPERM')
    return `Permission denied${pathOf(error)}; run as the user who owns it, or set data_dir (GATEWATCH_DATA_DIR) elsewhere.`
  return error instanceof Error ? error.message : String(error)
}

function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error ? ` for ${String(error.path)}` : ''
}
