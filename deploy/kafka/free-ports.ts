import { randomInt } from 'node:crypto'
import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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

/** One file a port, made by whoever comes first. */
function claim(port: number): boolean {
  const directory = join(tmpdir(), 'gatewatch-ports')
  const path = join(directory, String(port))
  try {
    mkdirSync(directory, { recursive: true })
    closeSync(openSync(path, 'wx'))
    return true
  } catch (error) {
    // Somebody else's directory tells nothing.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return true
    const now = new Date()
    if (now.getTime() - statSync(path).mtimeMs < CLAIM_MS) return false
    utimesSync(path, now, now)
    return true
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
