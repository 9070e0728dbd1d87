import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Ports of localhost that nobody listens on. Below 32768, where the system
 * takes the ports of outgoing connections from: what stops and comes back must
 * still find its port free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
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
