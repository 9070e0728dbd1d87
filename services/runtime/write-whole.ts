import { open, rename, rm } from 'node:fs/promises'

/** A file that is there whole, or as it was before. */
export interface WholeFile {
  write(content: string | Uint8Array): Promise<void>
  /** Flushes it and puts it in its place. */
  finish(): Promise<void>
  /** Removes what was written, unless it is finished. */
  discard(): Promise<void>
}

/**
 * Opens a file that is written beside its name and put in its place at the end.
 * Mode 0600, as what is exported names people. What a killed process leaves
 * behind ends in `.part`, and nobody takes it for the file.
 */
export async function openWholeFile(path: string): Promise<WholeFile> {
  const part = `${path}.${process.pid}.part`
  const file = await open(part, 'w', 0o600)
  let finished = false
  return {
    write: (content) => file.writeFile(content),
    async finish() {
      await file.sync()
      await file.close()
      await rename(part, path)
      finished = true
    },
    async discard() {
      if (finished) return
      await file.close().catch(() => {})
      await rm(part, { force: true })
    },
  }
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const file = await openWholeFile(path)
  try {
    await file.write(content)
    await file.finish()
  } finally {
    await file.discard()
  }
}
