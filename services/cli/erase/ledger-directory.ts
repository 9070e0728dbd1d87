import { join, resolve } from 'node:path'
import type { Config } from '../../config.ts'

/** Where the erasures of a data directory are written down. */
export function ledgerDirectory({ erasure }: Pick<Config, 'erasure'>, dataDir: string): string {
  return erasure.directory === undefined ? join(dataDir, 'erasures') : resolve(erasure.directory)
}
