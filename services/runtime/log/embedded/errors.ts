import { GatewatchError } from '../../errors.ts'

/** LMDB's and the system's messages for a place that is full; LMDB gives no code beside the text. */
const FULL = /MDB_MAP_FULL|No space left|ENOSPC|Disk quota|EDQUOT|File too large|EFBIG/i
const FOREIGN = /MDB_INVALID|MDB_VERSION_MISMATCH|not an LMDB file|File is not|Invalid argument/i

/** A fault of LMDB as one sentence that names the remedy. */
export function toLogError(error: unknown): Error {
  if (error instanceof GatewatchError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (FULL.test(text)) return diskFull(error)
  if (FOREIGN.test(text)) {
    return new GatewatchError(
      'ERR_DATA_DIR_VERSION',
      'The event log in the data directory is not one that this version of gatewatch can read: start the version that wrote it, or choose another data_dir.',
      { cause: error },
    )
  }
  return error instanceof Error ? error : new Error(text)
}

function diskFull(cause: unknown): GatewatchError {
  return new GatewatchError(
    'ERR_DISK_FULL',
    'The disk that holds the data directory is full: free space there or lower event_log.max_bytes, then it goes on by itself.',
    { retriable: true, cause },
  )
}
