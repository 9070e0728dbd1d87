import { pino } from 'pino'
import { CheckpointsConfig } from '../../../services/runtime/checkpoints/config.ts'
import { openCheckpointSigner, type CheckpointSigner } from '../../../services/runtime/checkpoints/signer.ts'

/** What whoever records decisions signs its chain with, in a directory of the test. */
export async function signing(dataDir: string) {
  const signer: CheckpointSigner = await openCheckpointSigner(
    dataDir,
    CheckpointsConfig.parse(undefined),
    Date.now(),
  )
  return { signer, logger: pino({ level: 'silent' }) }
}
