import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from '../../runtime/runtime.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { ListConfig } from './config.ts'
import { KnownList } from './known-list.ts'
import { knownBadOf, type KnownBad } from './open-lists.ts'

export interface KeptLists extends KnownBad {
  /** Lists that are fetched from elsewhere and of which no version is kept on this machine. */
  readonly unread: readonly string[]
}

/**
 * The lists as this machine has them, once, for what scores the past: files are
 * read, of the others the version that scoring kept. Asks no server, and writes
 * nothing where a running scoring keeps its own.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID` when a list's file can't be read
 */
export async function readKeptLists(
  configs: readonly ListConfig[],
  { dataDir, logger }: Pick<Runtime, 'logger'> & { readonly dataDir: string },
  now: () => number = Date.now,
): Promise<KeptLists> {
  const scratch = await mkdtemp(join(tmpdir(), 'gatewatch-lists-'))
  const lists: KnownList[] = []
  const unread: string[] = []
  try {
    for (const config of configs) {
      const { file, name } = config
      const directory = file === undefined ? join(dataDir, 'lists') : scratch
      const list = new KnownList(config, { directory, logger, now, changed() {} })
      if (file === undefined) await list.restore()
      else await list.refresh(new AbortController().signal)
      if (list.loaded) lists.push(list)
      else if (file === undefined) unread.push(name)
      else throw new GatewatchError('ERR_CONFIG_INVALID', `${file} can't be read as the list ${name}.`)
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return { revision: 0, listsOf: (address) => knownBadOf(lists, address), unread }
}
