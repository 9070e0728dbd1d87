import type { Account } from './accounts.ts'
import type { Limits } from './settings.ts'

const MIB = 1024 * 1024

/** What one of our own statements may take. */
const writerLimits: Limits = {
  max_execution_time: 600,
  max_result_rows: 10_000_000,
  max_result_bytes: 128 * MIB,
  max_memory_usage: 500 * MIB,
  max_threads: 2,
}

/** What a person's query or a panel may take: half a minute, and less than half of the memory. */
const readerLimits: Limits = {
  max_execution_time: 30,
  max_result_rows: 1_000_000,
  max_result_bytes: 64 * MIB,
  max_memory_usage: 256 * MIB,
  max_threads: 2,
}

interface Credentials {
  readonly name: string
  readonly password: string
}

export function accountsOf(writer: Credentials, reader: Credentials): readonly Account[] {
  return [
    { ...writer, readonly: false, limits: writerLimits },
    { ...reader, readonly: true, limits: readerLimits },
  ]
}
