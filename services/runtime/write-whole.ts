import { open, rename, rm } from 'node:fs/promises'

/**
 * Writes a file whole or not at all: beside its name first, flushed, then put in
 * its place. Mode 0600, as what is exported names people.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.${process.pid}.part`
  try {
    const file = await open(part, 'w', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
