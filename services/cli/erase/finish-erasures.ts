import type { Erasure } from '../../../schemas/erasure.ts'
import type { Config } from '../../config.ts'
import { openLedger, readPending } from '../../erasure/ledger.ts'
import { lockDataDir } from '../../runtime/data-dir-lock.ts'
import { erasureSecret } from '../../runtime/erasures/secret.ts'
import { ledgerDirectory } from './ledger-directory.ts'

/**
 * Before roles start on a data directory: what was cut off goes on, and whom a
 * restored backup has brought back is erased again. Costs a look at two files
 * where nobody was ever erased. On Kafka several machines share the log, so
 * there it is a person's doing (`gatewatch erase --pending`).
 *
 * The key of marks is made with the first start, so that every backup has it.
 */
export async function finishErasures(
  config: Config,
  dataDir: string,
  said: (text: string) => void,
): Promise<void> {
  if (config.kafka !== undefined) return
  await erasureSecret(dataDir, config.erasure)
  if (!(await isAnyKnown(config, dataDir))) return
  const lock = await lockDataDir(dataDir, ['erase'], 'erase, at a start')
  try {
    for (const { id } of await eraseUnfinished(config, dataDir))
      said(`erasure ${id} was finished: its person is erased from log, state and store`)
  } finally {
    await lock.release()
  }
}

/** The same for whoever has the data directory for himself. */
export async function eraseUnfinished(config: Config, dataDir: string): Promise<readonly Erasure[]> {
  const secret = await erasureSecret(dataDir, config.erasure)
  if (!(await isAnyKnown(config, dataDir))) return []
  const [{ erase }, { unfinished }, { erasureParts }] = await Promise.all([
    import('../../erasure/main.ts'),
    import('../../erasure/unfinished.ts'),
    import('./open-parts.ts'),
  ])
  const parts = erasureParts(config, dataDir, () => {})
  const done: Erasure[] = []
  for (const pending of await unfinished(parts, () => Promise.resolve(secret)))
    done.push((await erase(pending, parts)).erasure)
  return done
}

async function isAnyKnown(config: Config, dataDir: string): Promise<boolean> {
  const ledger = openLedger(ledgerDirectory(config, dataDir))
  return (await ledger.all()).length + (await readPending(dataDir)).length > 0
}
