import { appendFile, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Beyond this the sessions that would end first are forgotten; it takes as many logouts within one session lifetime. */
const MAX_LOGOUTS = 100_000

/** Sessions that were logged out at this gateway before they ended: their cookies still open, so their ids are kept until then. */
export interface LogoutFile {
  has(session_id: string): boolean
  /** Ids, and when each session would have ended, ms. */
  entries(): IterableIterator<[session_id: string, expires_at_ms: number]>
  /** Resolves when it is on disk. */
  add(session_id: string, expires_at_ms: number): Promise<void>
  close(): Promise<void>
}

/** One line a logout, `<session id> <end in ms>`; what has ended is dropped at each start. */
export async function openLogoutFile(path: string, now: number): Promise<LogoutFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const ends = new Map<string, number>()
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  })
  for (const line of text.split('\n')) {
    const [id, end] = line.split(' ')
    if (id && Number(end) > now) ends.set(id, Number(end))
  }
  await writeFile(`${path}.new`, [...ends].map(([id, end]) => `${id} ${end}\n`).join(''), { mode: 0o600 })
  await rename(`${path}.new`, path)
  const file = await open(path, 'a')
  return {
    has: (session_id) => ends.has(session_id),
    entries: () => ends.entries(),
    async add(session_id, expires_at_ms) {
      if (ends.size >= MAX_LOGOUTS) {
        for (const oldest of ends.keys()) {
          ends.delete(oldest)
          break
        }
      }
      ends.set(session_id, expires_at_ms)
      await appendFile(file, `${session_id} ${expires_at_ms}\n`)
      await file.datasync()
    },
    close: () => file.close(),
  }
}
