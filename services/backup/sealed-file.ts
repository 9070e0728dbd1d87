import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { GatewatchError } from '../runtime/errors.ts'

/**
 * A file sealed with AES-256-GCM in chunks, so that one of any size is sealed,
 * and opened again, in constant memory. After the STREAM construction (Hoang,
 * Reyhanitabar, Rogaway and Vizár, CRYPTO 2015): the nonce of a chunk is its
 * number and whether it is the last one, so that chunks can't be swapped, left
 * out or cut off unseen. A key seals one file only.
 */
const CHUNK_BYTES = 1024 * 1024
const TAG_BYTES = 16
const LAST = 1

export interface Sealed {
  readonly bytes: number
  readonly sealed_bytes: number
  readonly sha256: string
}

/** Told of each piece that was done. */
export type Progress = (bytes: number) => void

/** Seals `from` into the new file `to`, and flushes it. */
export async function sealFile(from: string, to: string, key: Buffer, progress: Progress): Promise<Sealed> {
  const source = await open(from, 'r')
  try {
    return await sealHandle(source, to, key, progress)
  } finally {
    await source.close()
  }
}

async function sealHandle(source: FileHandle, to: string, key: Buffer, progress: Progress): Promise<Sealed> {
  const target = await open(to, 'wx', 0o600)
  const digest = createHash('sha256')
  let [bytes, sealed_bytes, number] = [0, 0, 0]
  try {
    let chunk = await readWhole(source, CHUNK_BYTES)
    for (;;) {
      // A file that grows is sealed as far as it was when its last whole chunk was read.
      const next = chunk.length < CHUNK_BYTES ? EMPTY : await readWhole(source, CHUNK_BYTES)
      const last = next.length === 0
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number++, last))
      const sealed = Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
      await target.writeFile(sealed)
      digest.update(sealed)
      bytes += chunk.length
      sealed_bytes += sealed.length
      progress(chunk.length)
      if (last) break
      chunk = next
    }
    await target.sync()
  } finally {
    await target.close()
  }
  return { bytes, sealed_bytes, sha256: digest.digest('hex') }
}

/**
 * Opens a sealed file into the new file `to` and flushes it; without `to` it
 * is only proved. `ERR_BACKUP` when a chunk is not what was sealed.
 */
export async function openSealed(
  from: string,
  to: string | null,
  key: Buffer,
  progress: Progress,
): Promise<number> {
  const source = await open(from, 'r')
  const target = to === null ? null : await open(to, 'wx', 0o600)
  let [bytes, number] = [0, 0]
  try {
    let chunk = await readWhole(source, CHUNK_BYTES + TAG_BYTES)
    for (;;) {
      const next = await readWhole(source, CHUNK_BYTES + TAG_BYTES)
      const last = next.length === 0
      const plain = opened(chunk, key, nonceOf(number++, last), from)
      await target?.writeFile(plain)
      bytes += plain.length
      progress(plain.length)
      if (last) break
      chunk = next
    }
    await target?.sync()
    return bytes
  } finally {
    await source.close()
    await target?.close()
  }
}

/** SHA-256 and length of a file as it lies there. */
export async function digestOf(path: string, progress: Progress): Promise<{ sha256: string; bytes: number }> {
  const source = await open(path, 'r')
  const digest = createHash('sha256')
  let bytes = 0
  try {
    for (;;) {
      const chunk = await readWhole(source, CHUNK_BYTES)
      if (chunk.length === 0) return { sha256: digest.digest('hex'), bytes }
      digest.update(chunk)
      bytes += chunk.length
      progress(chunk.length)
    }
  } finally {
    await source.close()
  }
}

const EMPTY = Buffer.alloc(0)

function opened(chunk: Buffer, key: Buffer, nonce: Buffer, path: string): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAuthTag(chunk.subarray(Math.max(0, chunk.length - TAG_BYTES)))
    return Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES)), decipher.final()])
  } catch (error) {
    throw new GatewatchError(
      'ERR_BACKUP',
      `The file ${path} of the backup is damaged; take another copy of this backup, or an older backup.`,
      { cause: error },
    )
  }
}

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(number, 5, 6)
  nonce[11] = last ? LAST : 0
  return nonce
}

/** Reads as much as asked for, less only at the end of the file. */
async function readWhole(file: FileHandle, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
