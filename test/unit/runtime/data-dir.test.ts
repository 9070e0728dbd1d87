import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from '../../../services/runtime/data-dir-lock.ts'
import { openDataDir } from '../../../services/runtime/data-dir.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-data-'))
})
afterEach(() => rm(directory, { recursive: true }))

describe('openDataDir', () => {
  it('creates the directory for its owner only, and marks its format', async () => {
    const path = join(directory, 'a', 'b')
    expect(await openDataDir(path)).toBe(path)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    expect(await readFile(join(path, 'version'), 'utf8')).toBe('gatewatch data format 1\n')
    expect(await openDataDir(path)).toBe(path)
  })

  it.each(['gatewatch data format 2\n', 'something else'])(
    'refuses a directory of another format (%j)',
    async (text) => {
      await writeFile(join(directory, 'version'), text)
      await expect(openDataDir(directory)).rejects.toMatchObject({ code: 'ERR_DATA_DIR_VERSION' })
    },
  )

  it('names the setting when the directory can not be created', async () => {
    await writeFile(join(directory, 'file'), '')
    await expect(openDataDir(join(directory, 'file', 'x'))).rejects.toThrow('GATEWATCH_DATA_DIR')
  })
})

describe('lockDataDir', () => {
  const module = fileURLToPath(new URL('../../../services/runtime/data-dir-lock.ts', import.meta.url))

  /** Another process that takes the lock and holds it. */
  async function holder(names: readonly string[]): Promise<ChildProcess> {
    const code = `import { lockDataDir } from ${JSON.stringify(module)}
      await lockDataDir(${JSON.stringify(directory)}, ${JSON.stringify(names)}, 'up')
      process.stdout.write('held'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    return child
  }

  it('names the process that holds the directory, and is free at once after kill -9', async () => {
    const child = await holder(['up', 'gateway'])
    await expect(lockDataDir(directory, ['gateway'], 'run gateway')).rejects.toMatchObject({
      code: 'ERR_DATA_DIR_IN_USE',
      message: expect.stringContaining(`process ${child.pid}`),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await lockDataDir(directory, ['gateway'], 'run gateway')
    await lock.release()
  })

  it('lets different roles share a directory', async () => {
    const child = await holder(['scoring'])
    const lock = await lockDataDir(directory, ['gateway'], 'run gateway')
    await expect(lock.release()).resolves.toBeUndefined()
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  it('takes all names or none', async () => {
    const child = await holder(['scoring'])
    await expect(lockDataDir(directory, ['gateway', 'scoring'], 'up')).rejects.toMatchObject({
      code: 'ERR_DATA_DIR_IN_USE',
    })
    const lock = await lockDataDir(directory, ['gateway'], 'run gateway')
    await lock.release()
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
})
