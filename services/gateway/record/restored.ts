import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { Instant } from '../../../schemas/bounds.ts'
import type { Loss } from '../../../schemas/loss.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { Recorder } from './recorder.ts'

/** What `gatewatch restore` leaves for the gateway (services/backup/restore-backup.ts). */
const Note = z.strictObject({
  backup_id: z.string().regex(/^[0-9a-f]{16}$/),
  taken_at: Instant,
  restored_at: Instant,
})

/**
 * Says in the chain that the log was brought back from a backup, as the first
 * link of the boot: what was recorded between the backup and the restore is in
 * no log any more, and no number tells how much that was. The note goes when
 * the link is on disk; a crash in between says it twice, which is true twice.
 */
export async function recordRestored(
  dataDir: string,
  recorder: Pick<Recorder, 'record'>,
  { pep_id, logger, now }: { readonly pep_id: string; readonly logger: Logger; readonly now: () => number },
): Promise<void> {
  const path = join(dataDir, 'gateway', 'restored.json')
  const note = await readNote(path)
  if (note === null) return
  const { backup_id, taken_at, restored_at } = note
  const loss: Loss = {
    state: 'ended',
    cause: 'restored',
    refused: 0,
    served: 0,
    from: taken_at,
    to: restored_at,
    missing: [],
  }
  const recorded = recorder.record(
    {
      decided_at: new Date(now()).toISOString(),
      outcome: 'error_closed',
      reasons: ['log_unreachable'],
      subject: { type: 'service', id: pep_id },
      action: { name: 'record' },
      resource: { type: 'event_log', id: accessDecisions.name },
      unmapped: { loss, restored: { backup_id } },
    },
    { breakGlass: true },
  )
  logger.warn(note, 'the log was restored from a backup; what was decided since then is missing in it')
  // Refused: the note stays, and the next boot says it.
  void recorded?.durable
    .then(() => rm(path, { force: true }))
    .catch((error: unknown) => logger.warn({ err: error }, 'the note of the restore cannot be removed'))
}

async function readNote(path: string): Promise<z.infer<typeof Note> | null> {
  try {
    return Note.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
