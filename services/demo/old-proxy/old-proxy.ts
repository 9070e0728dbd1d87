import { appendFile, rename, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Running } from '../../runtime/runtime.ts'

/** Programs that fetch files through it with a certificate, each this often. */
const CLIENTS = [
  { name: 'CN=backup', address: '198.18.9.20', path: '/nightly', every_ms: 20_000 },
  { name: 'CN=monitoring', address: '198.18.9.21', path: '/health', every_ms: 30_000 },
  { name: 'CN=reports', address: '198.18.9.22', path: '/exports', every_ms: 45_000 },
] as const
/** Every so many requests one too many: it is refused without a look at who asks. */
const LIMITED_EVERY = 9
/** So often it is started anew in the middle of a line. */
const CUT_EVERY_MS = 120_000
const MOST_BYTES = 4_194_304

/**
 * An nginx that the company has not replaced yet: it stands before the file
 * store, decides by client certificates, and all that Gatewatch has of it is its
 * access log (`gatewatch run collector`, a source of kind `file`). It refuses
 * what comes too fast without judging it. Now and then it is killed while it
 * writes, and half a line stays in the log: no reader can make a decision of that,
 * so it becomes a dead letter.
 */
export function startOldProxy(path: string, logger: Logger): Running {
  let written: Promise<void> = Promise.resolve()
  let requests = 0

  async function append(text: string): Promise<void> {
    const { size } = await stat(path).catch(() => ({ size: 0 }))
    if (size > MOST_BYTES) await rename(path, `${path}.1`)
    await appendFile(path, text, { mode: 0o600 })
  }
  /** One after the other, as one process writes them. */
  function write(text: string): void {
    written = written
      .then(() => append(text))
      .catch((error: unknown) => logger.warn({ err: error }, 'the access log could not be written'))
  }
  const line = (client: (typeof CLIENTS)[number]): string => {
    requests += 1
    return accessLine(client, Date.now(), requests)
  }

  for (const client of CLIENTS) write(`${line(client)}\n`)
  const timers = CLIENTS.map((client) => setInterval(() => write(`${line(client)}\n`), client.every_ms))
  const cuts = setInterval(() => {
    const whole = line(CLIENTS[0])
    write(`${whole.slice(0, whole.length / 2)}\n`)
  }, CUT_EVERY_MS)
  return {
    async stop() {
      for (const timer of [...timers, cuts]) clearInterval(timer)
      await written
    },
  }
}

/** One line of the `log_format` that the reader's docstring names. */
function accessLine({ name, address, path }: (typeof CLIENTS)[number], atMs: number, nth: number): string {
  const limited = nth % LIMITED_EVERY === 0
  return JSON.stringify({
    msec: (atMs / 1000).toFixed(3),
    remote_addr: address,
    request_method: 'GET',
    host: 'files.demo.example',
    request_uri: path,
    ...(limited ? { status: '429' } : { status: '200', upstream_status: '200' }),
    request_length: '412',
    body_bytes_sent: limited ? '162' : '18240',
    http_user_agent: 'curl/8.14.1',
    request_id: nth.toString(16).padStart(32, '0'),
    ssl_client_s_dn: name,
    ssl_client_verify: 'SUCCESS',
  })
}
