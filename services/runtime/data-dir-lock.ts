import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { GatewatchError } from './errors.ts'
import { writeNewest } from './lmdb/newest.ts'

interface Holder {
  readonly pid: number
  /** When that process began, as its operating system says it: a pid that came again is another process. */
  readonly started: string
  readonly what: string
}

/**
 * Takes `names` of a data directory for this process: two gateways would number
 * decisions twice. All or none; `ERR_DATA_DIR_IN_USE` names the process that
 * holds one. Node has no `flock`, and a lock file can't be taken over from a
 * dead process without a race; a transaction of LMDB can, since its own lock is
 * the kernel's and goes with the process, after `kill -9` too.
 *
 * Processes of different pid namespaces (containers) that share a directory
 * don't see each other: one machine, one namespace.
 */
export async function lockDataDir(
  dataDir: string,
  names: readonly string[],
  what: string,
): Promise<{ release(): Promise<void> }> {
  const path = join(dataDir, 'lock.mdb')
  const database = open<Holder, string>({
    path,
    noSubdir: true,
    encoding: 'json',
    mapSize: 1024 * 1024,
  })
  const me: Holder = { pid: process.pid, started: startOf(process.pid) ?? 'unknown', what }
  const taken = writeNewest(database, path, () => {
    for (const name of names) {
      const holder = database.get(name)
      if (holder && isAlive(holder)) return holder
    }
    for (const name of names) database.putSync(name, me)
    return null
  })
  if (taken) {
    await database.close()
    throw new GatewatchError(
      'ERR_DATA_DIR_IN_USE',
      `The data directory ${dataDir} is in use by 'gatewatch ${taken.what}' (process ${taken.pid}); ` +
        `stop that one, or set data_dir (GATEWATCH_DATA_DIR) to another directory.`,
    )
  }
  return {
    async release() {
      writeNewest(database, path, () => {
        for (const name of names) {
          const holder = database.get(name)
          if (holder?.pid === me.pid && holder.started === me.started) database.removeSync(name)
        }
      })
      await database.close()
    },
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  const started = startOf(holder.pid)
  return started === null || started === holder.started
}

/** Boot and start time of a process, or null where the system doesn't tell. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name in parentheses may hold spaces; the start time is the 20th field after it (proc(5)).
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      return `${boot}/${ticks}`
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  } catch {
    return null
  }
}
