import { openSecret, readSecretFile } from '../secrets.ts'
import type { ErasureConfig } from './config.ts'

/** The key of the marks by which erased persons are known again. */
export function erasureSecret(dataDir: string, { key_file }: ErasureConfig): Promise<string> {
  return key_file === undefined
    ? openSecret(dataDir, 'erasure')
    : readSecretFile(key_file, 'erasure.key_file')
}
