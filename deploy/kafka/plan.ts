import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { BrokerPlan } from './properties.ts'

/** Plans of brokers on free ports of localhost, each with a directory of its own below `directory`. */
export async function brokerPlans(count: number, directory: string): Promise<BrokerPlan[]> {
  const ports = await freePorts(2 * count)
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    directory: join(directory, `broker-${index + 1}`),
    host: '127.0.0.1',
    port: ports[2 * index] ?? 0,
    controllerPort: ports[2 * index + 1] ?? 0,
  }))
}

/**
 * Ports that nobody listens on. Below 32768, where the system takes the ports
 * of outgoing connections from: a killed broker's port must still be free when
 * it comes back.
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
