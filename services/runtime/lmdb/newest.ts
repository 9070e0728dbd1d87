import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RootDatabase } from 'lmdb'

const OPENER = fileURLToPath(new URL('open-once.ts', import.meta.url))
const TRIES = 20

/**
 * A write transaction would begin before the newest commit, and undo it.
 *
 * LMDB that opens an environment sets the number of the newest transaction,
 * which all processes share, to the one that it read a moment before
 * (`mdb_env_open2`; ITS#9496, which lmdb 3.5.6 still has). Did another process
 * commit in between, the next writer begins one commit too early, and that
 * commit is gone, though everybody has seen it and the disk has it. So every
 * transaction that writes proves first, under the write lock, that it begins at
 * the newest; and where it does not, the environment is opened once more by a
 * process of its own, which sets the number right. Until then readers may not
 * see the last commit.
 */
export class BehindNewest extends Error {
  constructor() {
    super('the transaction does not begin at the newest commit')
    this.name = 'BehindNewest'
  }
}

/** Number of the newest commit, of any process. */
export function newestCommit(env: RootDatabase<unknown, string>): number {
  // The native object's own call takes 2 us; `getStats`, which is the public one, 11.
  const native: unknown = Reflect.get(env, 'env')
  const info: unknown =
    typeof native === 'object' && native !== null ? Reflect.get(native, 'info') : undefined
  const answer: unknown = typeof info === 'function' ? Reflect.apply(info, native, []) : env.getStats()
  const newest: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'lastTxnId') : undefined
  if (typeof newest !== 'number') throw new TypeError('lmdb does not tell its newest transaction')
  return newest
}

/** Inside a write transaction, before anything is written. Throws BehindNewest. */
export function proveNewest(env: RootDatabase<unknown, string>): void {
  if (env.getWriteTxnId() !== newestCommit(env) + 1) throw new BehindNewest()
}

/** Runs a write transaction that begins at the newest commit, on this thread. `path`: of the environment's file. */
export function writeNewest<T>(env: RootDatabase<unknown, string>, path: string, run: () => T): T {
  for (let tries = 1; ; tries++) {
    try {
      return env.transactionSync(() => {
        proveNewest(env)
        return run()
      })
    } catch (error) {
      if (!(error instanceof BehindNewest) || tries === TRIES) throw error
      spawnSync(process.execPath, [OPENER, path], { stdio: 'ignore', timeout: 10_000 })
    }
  }
}

/** Lets a process of its own open the environment and close it, some 100 ms; what comes of it shows in the next proof. */
export async function openOnce(path: string): Promise<void> {
  const child = spawn(process.execPath, [OPENER, path], { stdio: 'ignore', timeout: 10_000 })
  await once(child, 'close')
}
