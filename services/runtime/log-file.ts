import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination } from 'pino'
import type { DestinationStream } from 'pino'

export interface LogFile extends DestinationStream {
  close(): void
}

/** A log file of bounded size: at `max_bytes` it becomes `<path>.1`, in place of the one before, and begins anew. */
export function openLogFile(path: string, max_bytes = 32 * 1024 * 1024): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // Synchronous: what is logged just before a crash is what matters most, and INFO is only life-cycle.
  const file = destination({ dest: path, append: true, sync: true, mode: 0o600 })
  let bytes = 0
  return {
    write(line) {
      bytes += Buffer.byteLength(line)
      if (bytes > max_bytes) {
        bytes = 0
        renameSync(path, `${path}.1`)
        file.reopen()
      }
      file.write(line)
    },
    close() {
      file.end()
    },
  }
}
