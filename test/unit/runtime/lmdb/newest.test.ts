import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { expect, it, onTestFinished } from 'vitest'
import {
  BehindNewest,
  newestCommit,
  openOnce,
  proveNewest,
  writeNewest,
} from '../../../../services/runtime/lmdb/newest.ts'

async function environment() {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-newest-'))
  const path = join(directory, 'a.mdb')
  const env = open<string, string>({ path, noSubdir: true, encoding: 'json' })
  onTestFinished(async () => {
    await env.close()
    await rm(directory, { recursive: true, force: true })
  })
  return { env, path }
}

it('proves a transaction that begins at the newest commit, and counts commits', async () => {
  const { env, path } = await environment()
  const before = newestCommit(env)
  expect(writeNewest(env, path, () => env.putSync('a', 'b'))).toBe(true)
  expect(newestCommit(env)).toBe(before + 1)
  expect(env.get('a')).toBe('b')
})

it('refuses one that begins before it, and writes nothing of it', async () => {
  const { env } = await environment()
  env.putSync('a', 'first')
  // As after an opening that was overtaken: the number that LMDB gives the transaction is taken already.
  const behind = new Proxy(env, {
    get: (target, name): unknown =>
      name === 'getWriteTxnId' ? () => target.getWriteTxnId() - 1 : Reflect.get(target, name, target),
  })
  const overwrite = () =>
    env.transactionSync(() => {
      proveNewest(behind)
      env.putSync('a', 'second')
    })
  expect(overwrite).toThrow(BehindNewest)
  expect(env.get('a')).toBe('first')
})

it('opens the environment in a process of its own, which leaves it as it was', async () => {
  const { env, path } = await environment()
  env.putSync('a', 'b')
  const before = newestCommit(env)
  await openOnce(path)
  expect(newestCommit(env)).toBe(before)
  writeNewest(env, path, () => env.putSync('a', 'c'))
  expect(env.get('a')).toBe('c')
})
