import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
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
