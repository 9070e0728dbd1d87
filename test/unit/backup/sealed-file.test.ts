import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { digestOf, openSealed, sealFile } from '../../../services/backup/sealed-file.ts'

const MIB = 1024 * 1024
const SEALED_CHUNK = MIB + 16
const key = randomBytes(32)
const untold = () => {}

async function sealed(plain: Buffer) {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-seal-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const [from, to, back] = ['plain', 'sealed', 'back'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(from, plain)
  return { facts: await sealFile(from, to, key, untold), to, back }
}

it.each([0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])('a file of %i bytes comes back as it was', async (bytes) => {
  const plain = randomBytes(bytes)
  const { facts, to, back } = await sealed(plain)
  expect(await openSealed(to, back, key, untold)).toBe(bytes)
  expect((await readFile(back)).equals(plain)).toBe(true)
  expect(await digestOf(to, untold)).toEqual({ sha256: facts.sha256, bytes: facts.sealed_bytes })
})

it.each<[what: string, alter: (bytes: Buffer) => Buffer]>([
  [
    'altered',
    (bytes) => Buffer.concat([bytes.subarray(0, 9), Buffer.from([(bytes[9] ?? 0) ^ 1]), bytes.subarray(10)]),
  ],
  ['cut off within a chunk', (bytes) => bytes.subarray(0, bytes.length - 1)],
  ['cut off after a chunk', (bytes) => bytes.subarray(0, SEALED_CHUNK)],
  ['empty', () => Buffer.alloc(0)],
  ['longer', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
  [
    'in another order',
    (bytes) =>
      Buffer.concat([
        bytes.subarray(SEALED_CHUNK, 2 * SEALED_CHUNK),
        bytes.subarray(0, SEALED_CHUNK),
        bytes.subarray(2 * SEALED_CHUNK),
      ]),
  ],
])('a sealed file that is %s does not open', async (_what, alter) => {
  const { to } = await sealed(randomBytes(2 * MIB + 5))
  await writeFile(to, alter(await readFile(to)))
  await expect(openSealed(to, null, key, untold)).rejects.toMatchObject({ code: 'ERR_BACKUP' })
})

it('a sealed file tells nothing of what is in it', async () => {
  const plain = randomBytes(1000)
  const { to } = await sealed(plain)
  expect((await readFile(to)).includes(plain.subarray(0, 16))).toBe(false)
})

it('another key opens nothing', async () => {
  const { to } = await sealed(Buffer.from('the secret'))
  await expect(openSealed(to, null, randomBytes(32), untold)).rejects.toMatchObject({ code: 'ERR_BACKUP' })
})
