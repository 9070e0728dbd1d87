import { execFile } from 'node:child_process'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A file system of a few megabytes, to be filled to the brim. */
export interface SmallDisk {
  readonly path: string
  /** Takes all that is free but so many bytes. */
  fill(leave_bytes: number): Promise<void>
  /** Gives back what `fill` took. */
  free(): Promise<void>
  release(): Promise<void>
}

/**
 * Mounts a tmpfs, which needs root; null, and a word on stderr, where that is
 * not allowed. With CI=true it must be.
 */
export async function smallDisk(path: string, bytes: number): Promise<SmallDisk | null> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'gatewatch-test', path])
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    process.stderr.write('SKIPPED: tests of a full disk: they mount a tmpfs, which only root may\n')
    return null
  }
  const ballast = join(path, 'ballast')
  return {
    path,
    async fill(leave_bytes) {
      const { bavail, bsize } = await statfs(path)
      const file = await open(ballast, 'a')
      try {
        let left = bavail * bsize - leave_bytes
        for (const block = Buffer.alloc(65_536); left > 0; left -= block.length)
          await file.write(block, 0, Math.min(block.length, left))
      } catch (error) {
        // Others write here, too: full is full.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      } finally {
        await file.close()
      }
    },
    free: () => rm(ballast, { force: true }),
    async release() {
      await run('umount', ['-l', path])
    },
  }
}
