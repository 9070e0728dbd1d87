import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startCluster } from '../../../deploy/kafka/cluster.ts'
import type { Cluster } from '../../../deploy/kafka/cluster.ts'
import { brokerPlans } from '../../../deploy/kafka/plan.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test asks for the broker of the whole run. */
    readonly kafkaSocket: string
  }
}

/**
 * vitest's global setup: a local socket that starts Java when the first test
 * asks, and answers every asker with the address of the one broker. A run
 * without Kafka tests pays a socket and nothing else.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-kafka-'))
  const path = join(directory, 'socket')
  let started: Promise<Cluster> | null = null
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    started ??= brokerPlans(1, directory).then((plans) => startCluster(plans))
    started.then(
      ({ brokers }) => socket.end(JSON.stringify({ brokers })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    )
  })
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  server.unref()
  project.provide('kafkaSocket', path)
  return async () => {
    server.close()
    const cluster = await started?.catch(() => null)
    await cluster?.close({ quick: true })
    await rm(directory, { recursive: true, force: true })
  }
}
