import { randomInt } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Whoever got a port may need this long until it listens there; meanwhile nobody else gets it. */
const CLAIM_MS = 600_000

/**
 * Ports of localhost that nobody listens on, and that no other process on this
 * machine was given lately. Below 32768, where the system takes the ports of
 * outgoing connections from: what stops and comes back must still find its port
 * free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(20_000, 32_000)
    if (claim(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

/**
 * One file a port, in a directory for each stretch of time, made by whoever
 * comes first. It holds for this stretch and the next. Each makes its own file
 * before it looks for the neighbours', so of two at the border of stretches at
 * least one sees the other.
 */
function claim(port: number): boolean {
  const stretch = Math.floor(Date.now() / CLAIM_MS)
  const directory = join(tmpdir(), 'gatewatch-ports')
  const fileIn = (of: number) => join(directory, String(of), String(port))
  try {
    removeBefore(directory, stretch - 1)
    mkdirSync(dirname(fileIn(stretch)), { recursive: true })
    closeSync(openSync(fileIn(stretch), 'wx'))
  } catch (error) {
    // Somebody else's directory tells nothing.
    return !(error instanceof Error && 'code' in error && error.code === 'EEXIST')
  }
  return !existsSync(fileIn(stretch - 1)) && !existsSync(fileIn(stretch + 1))
}

function removeBefore(directory: string, stretch: number): void {
  if (!existsSync(directory)) return
  for (const name of readdirSync(directory)) {
    if (Number(name) < stretch) rmSync(join(directory, name), { recursive: true, force: true })
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => {
      server.close(() => resolve(true))
    })
  })
}
