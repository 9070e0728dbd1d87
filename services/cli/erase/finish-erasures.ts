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
  const secret = await erasureSecret(dataDir, config.erasure)
  const ledger = openLedger(ledgerDirectory(config, dataDir))
  if ((await ledger.all()).length + (await readPending(dataDir)).length === 0) return
  const [{ erase }, { unfinished }, { erasureParts }] = await Promise.all([
    import('../../erasure/main.ts'),
    import('../../erasure/unfinished.ts'),
    import('./open-parts.ts'),
  ])
  const lock = await lockDataDir(dataDir, ['erase'], 'erase, at a start')
  try {
    const parts = erasureParts(config, dataDir, () => {})
    for (const pending of await unfinished(parts, () => Promise.resolve(secret))) {
      const { erasure } = await erase(pending, parts)
      said(`erasure ${erasure.id} was finished: its person is erased from log, state and store`)
    }
  } finally {
    await lock.release()
  }
}
