import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { Running } from '../../runtime/runtime.ts'

const MOST_BYTES = 65_536
const MOST_KNOWN = 1000
const Paged = z.object({
  data: z.object({ id: z.string().max(512), state: z.string(), summary: z.string().max(2000) }),
})

/** The telephone of whoever is on call: a webhook on loopback. */
export interface Pager extends Running {
  readonly url: string
  readonly secret_file: string
  /** Told what a page says; one that is not signed with the secret is refused and told to nobody. */
  onPage(tell: (summary: string) => void): void
}

/** @param port its own: to the sender another port is another receiver */
export async function startPager(dataDir: string, port: number): Promise<Pager> {
  const secret_file = join(dataDir, 'secrets', 'demo-pager')
  const signer = new Webhook(await secretIn(secret_file))
  let tell: (summary: string) => void = () => {}
  /** What is told again is the same page: a delivery that was not answered, or an alert that grew. */
  const known = new Set<string>()
  const server = createServer((request, response) => {
    void (async () => {
      const body = await read(request)
      if (body === null) {
        response.writeHead(413).end()
        return
      }
      let paged
      try {
        paged = Paged.parse(signer.verify(body, signatureOf(request)))
      } catch {
        response.writeHead(401).end()
        return
      }
      const { id, state, summary } = paged.data
      if (state === 'firing' && !known.has(id)) tell(summary)
      if (known.size >= MOST_KNOWN) known.clear()
      known.add(id)
      response.writeHead(204).end()
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${port}/page`,
    secret_file,
    onPage(next) {
      tell = next
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function signatureOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(headers[name])]),
  )
}

async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > MOST_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The signing secret of the data directory (Standard Webhooks 1.0.0), made at the first start. */
async function secretIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  await writeFile(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
  return secret
}
