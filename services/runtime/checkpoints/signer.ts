import { join } from 'node:path'
import type { CheckpointKey } from '../../../schemas/checkpoint.ts'
import { openCheckpointFile, type CheckpointFile } from './checkpoint-file.ts'
import type { CheckpointsConfig } from './config.ts'
import { openSigningKey } from './signing-key.ts'

/** What a process signs its chains with. */
export interface CheckpointSigner {
  readonly key: CheckpointKey
  readonly every_ms: number
  readonly decisions: number
  openFile(pepId: string): Promise<CheckpointFile>
}

export async function openCheckpointSigner(
  dataDir: string,
  config: CheckpointsConfig,
  nowMs: number,
): Promise<CheckpointSigner> {
  const directory = checkpointDirectory(dataDir, config)
  return {
    key: await openSigningKey(dataDir, nowMs),
    every_ms: config.every,
    decisions: config.decisions,
    openFile: (pepId) => openCheckpointFile(directory, pepId),
  }
}

export function checkpointDirectory(dataDir: string, config: CheckpointsConfig): string {
  return config.directory ?? join(dataDir, 'checkpoints')
}
