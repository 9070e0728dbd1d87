import { join } from 'node:path'
import type { Watermarks } from '../event-log.ts'
import { Committer } from './committer.ts'
import { holdGroup } from './hold.ts'
import { openStore } from './store.ts'
import { GatewatchError } from '../../errors.ts'

export interface HotCopyOptions {
  /** Of the event log that is copied; other processes may have it open. */
  readonly directory: string
  /** Gets a log directory with the copy; must not exist, or be empty. */
  readonly to: string
  /** Groups that write to a store outside the log: none of their batches is half done in the copy. */
  readonly groups: readonly string[]
  /** How long such a group may take to finish its batch in hand. */
  readonly hold_timeout_ms: number
  /** Runs while the groups are held, before the log's snapshot is taken: copy their stores here. */
  readonly held: () => Promise<void>
}

/**
 * Copies a log while everything runs. The copy is LMDB's own: one read
 * transaction, so that it is the log as it was at one commit, whatever is
 * written meanwhile. Space that is freed meanwhile can't be used again until it
 * ends, so the file grows by as much as is written.
 */
export async function copyLog(options: HotCopyOptions): Promise<void> {
  const store = openStore(options.directory, 1)
  const committer = new Committer(store, undefined, () => {})
  try {
    store.checkFormat()
    const holds = []
    try {
      for (const group of options.groups)
        holds.push(await holdGroup(store, committer, group, options.hold_timeout_ms))
      await options.held()
      await store.env.backup(join(options.to, 'log.mdb'), false)
      if (!holds.every((hold) => hold.intact()))
        throw new GatewatchError(
          'ERR_BACKUP',
          'The machine was too busy to hold the store still while it was copied; back up again at a quieter time.',
          { retriable: true },
        )
    } finally {
      for (const hold of holds) await hold.release()
    }
  } finally {
    await committer.close()
    await store.close()
  }
}

export interface LogPositions {
  /** By topic. */
  readonly topics: Record<string, Watermarks[]>
  /** Offset of the next record of a group, by `<group>/<topic>/<partition>`. */
  readonly committed: Record<string, number>
}

/**
 * Makes a copy a log of its own: who had the original open is forgotten, so
 * that nobody waits for a member that is not there. Says where it stands.
 *
 * @throws GatewatchError `ERR_DATA_DIR_VERSION`; what LMDB throws for a file
 *   that it can't read.
 */
export async function settleCopy(directory: string): Promise<LogPositions> {
  const store = openStore(directory, 1)
  try {
    store.checkFormat()
    await store.env.transaction(() => {
      for (const rows of [store.processes, store.members, store.owners, store.holds]) {
        const keys = Array.from(rows.getKeys())
        for (const key of keys) void rows.remove(key)
      }
    })
    await store.env.flushed
    store.refresh()
    const topics: Record<string, Watermarks[]> = {}
    for (const { topic, partitions } of store.knownTopics()) {
      topics[topic.name] = Array.from({ length: partitions }, (_, partition) => {
        const { low, next } = store.head(topic.name, partition)
        return { partition, low, high: next }
      })
    }
    const committed: Record<string, number> = {}
    for (const { key, value } of store.offsets.getRange()) committed[key] = value
    return { topics, committed }
  } finally {
    await store.close()
  }
}
