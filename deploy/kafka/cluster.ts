import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkaClasspath } from './classpath.ts'
import { formatBroker, startBroker } from './process.ts'
import type { BrokerProcess } from './process.ts'
import { brokerProperties } from './properties.ts'
import type { BrokerPlan } from './properties.ts'

export interface Cluster {
  /** `host:port` of each plain listener, for `kafka.brokers`. */
  readonly brokers: readonly string[]
  /** Starts broker `index` again after it was stopped or killed. */
  start(index: number): Promise<void>
  stop(index: number): Promise<void>
  kill(index: number): Promise<void>
  /** Ends all. `quick` kills them: their data is not wanted again. */
  close(options?: { quick?: boolean }): Promise<void>
}

/** Formats what is new and starts every broker of the plan, all at once: a quorum needs most of them. */
export async function startCluster(plans: readonly BrokerPlan[], java?: readonly string[]): Promise<Cluster> {
  const classpath = await kafkaClasspath()
  const running = new Map<number, BrokerProcess>()
  const [first] = plans
  if (!first) throw new RangeError('a cluster has at least one broker')
  const id = await clusterId(first.directory)
  await Promise.all(
    plans.map(async (plan) => {
      await mkdir(plan.directory, { recursive: true, mode: 0o700 })
      await writeFile(join(plan.directory, 'server.properties'), brokerProperties(plan, plans), {
        mode: 0o600,
      })
      await formatBroker(plan.directory, classpath, id, plan.secured?.users)
    }),
  )
  const start = async (index: number): Promise<void> => {
    const plan = plans[index]
    if (!plan || running.has(index))
      throw new RangeError(`broker ${index} is no stopped broker of this cluster`)
    const broker = await startBroker(plan.directory, classpath, java)
    running.set(index, broker)
    void broker.exited.finally(() => {
      if (running.get(index) === broker) running.delete(index)
    })
  }
  const end = async (index: number, how: 'stop' | 'kill'): Promise<void> => {
    await running.get(index)?.[how]()
    running.delete(index)
  }
  const close = async ({ quick = false } = {}): Promise<void> => {
    await Promise.all([...running.keys()].map((index) => end(index, quick ? 'kill' : 'stop')))
  }
  const starts = await Promise.allSettled(plans.map((_, index) => start(index)))
  const failed = starts.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') {
    await close({ quick: true })
    throw failed.reason
  }
  return {
    brokers: plans.map(({ host, port }) => `${host}:${port}`),
    start,
    stop: (index) => end(index, 'stop'),
    kill: (index) => end(index, 'kill'),
    close,
  }
}

/** 16 random bytes in base64url, kept beside the first broker's data so that a second start finds the same cluster. */
async function clusterId(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'cluster.id')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (known !== '') return known
  // A leading dash would be read as an option of the format tool.
  const id = `G${randomBytes(16).toString('base64url').slice(1, 21)}A`
  await writeFile(path, id)
  return id
}
