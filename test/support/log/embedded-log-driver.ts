import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'

/** How a child process opens the embedded log; the argument is the directory. */
export function openForChild(directory: string): Promise<EventLog> {
  return openEmbeddedLog({ directory, partitions: 4 })
}
