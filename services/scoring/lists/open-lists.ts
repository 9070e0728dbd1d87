import { join } from 'node:path'
import type { Runtime } from '../../runtime/runtime.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Address } from '../enrich/address.ts'
import type { ListConfig } from './config.ts'
import { KnownList } from './known-list.ts'
import { listMetrics } from './metrics.ts'

/** What is known to be bad. */
export interface KnownBad {
  /** Rises when a list changes: answers of before don't hold any more. */
  readonly revision: number
  /** The lists that hold an address, with their versions; undefined where none does. */
  listsOf(address: Address): Readonly<Record<string, string>> | undefined
}

export interface OpenLists extends KnownBad {
  stop(): Promise<void>
}

/**
 * Opens the configured lists: what an earlier process kept is there at once,
 * and a file too; what has to be fetched comes when it comes, since scoring does
 * not wait for strangers. Then each is looked at again in its own time.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID` when a list's file can't be read
 *   and none was kept
 */
export async function openLists(
  configs: readonly ListConfig[],
  { dataDir, logger, metrics }: Pick<Runtime, 'dataDir' | 'logger' | 'metrics'>,
  { now = Date.now }: { readonly now?: () => number } = {},
): Promise<OpenLists> {
  const stopped = new AbortController()
  let revision = 0
  const changed = (): void => {
    revision += 1
  }
  const directory = join(dataDir, 'lists')
  const lists = configs.map((config) => new KnownList(config, { directory, logger, now, changed }))
  const timers = new Map<KnownList, NodeJS.Timeout>()
  const looks = new Map<KnownList, Promise<void>>()
  const keepLooking = (list: KnownList, pauseMs: number): void => {
    if (stopped.signal.aborted) return
    const timer = setTimeout(() => {
      const looking = list.refresh(stopped.signal).then(() => keepLooking(list, list.pauseMs))
      looks.set(list, looking)
    }, pauseMs)
    timers.set(list, timer.unref())
  }

  for (const list of lists) {
    await list.restore()
    const { file, name } = list.config
    if (file !== undefined) await list.refresh(stopped.signal)
    if (file !== undefined && !list.loaded) {
      throw new GatewatchError(
        'ERR_CONFIG_INVALID',
        `scoring.lists ${name}: ${file} can't be read as a list; the log says why.`,
      )
    }
    keepLooking(list, file === undefined ? 0 : list.pauseMs)
  }
  const told = listMetrics(metrics, lists)
  return {
    get revision() {
      return revision
    },
    listsOf: (address) => knownBadOf(lists, address),
    async stop() {
      stopped.abort()
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all(looks.values())
      told.stop()
    },
  }
}

/** The lists that hold an address, with their versions; undefined where none does. */
export function knownBadOf(
  lists: readonly KnownList[],
  address: Address,
): Readonly<Record<string, string>> | undefined {
  let found: Record<string, string> | undefined
  for (const list of lists) if (list.has(address)) (found ??= {})[list.config.name] = list.version
  return found
}
