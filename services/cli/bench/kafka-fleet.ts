import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Report, type Order } from './kafka-orders.ts'

const CHILD = fileURLToPath(new URL('kafka-child.ts', import.meta.url))

export interface Worked {
  readonly seconds: number
  /** Processor time of all processes of the fleet. */
  readonly cpu: number
}

/** Processes that share the work of a group, as deployed workers do. */
export class Fleet {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /** Starts them; each has loaded its code when this resolves. */
  static async start(size: number): Promise<Fleet> {
    const children = Array.from({ length: size }, () => fork(CHILD, { execArgv: [] }))
    const fleet = new Fleet(children)
    try {
      await Promise.all(children.map(reportOf))
    } catch (error) {
      await fleet.close()
      throw error
    }
    return fleet
  }

  /**
   * The clock runs from when all are told, with the log open, until the group has
   * committed everything: joining the group and sharing the partitions is part of it.
   */
  async work(on: Readonly<Record<string, unknown>>, what: 'parse' | 'score'): Promise<Worked> {
    const before = await this.#tell({ do: 'open', kafka: on })
    const began = performance.now()
    const after = await this.#tell({ do: what })
    const seconds = (performance.now() - began) / 1000
    await this.#tell({ do: 'stop' })
    await this.#tell({ do: 'close' })
    return { seconds, cpu: after - before }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      }),
    )
  }

  /** Tells all, and gives the processor time of all once each has obeyed. */
  async #tell(order: Order): Promise<number> {
    const used = await Promise.all(
      this.#children.map((child) => {
        const reported = reportOf(child)
        child.send(order)
        return reported
      }),
    )
    return used.reduce((sum, each) => sum + each, 0)
  }
}

async function reportOf(child: ChildProcess): Promise<number> {
  const quit = new AbortController()
  const { signal } = quit
  try {
    const message = await Promise.race([
      once(child, 'message', { signal }).then(([first]: unknown[]) => first),
      once(child, 'exit', { signal }).then(() => ({ failed: 'it ended' })),
    ])
    const report = Report.parse(message)
    if ('failed' in report) throw new Error(`a process of the benchmark failed: ${report.failed}`)
    return report.cpu_seconds
  } finally {
    quit.abort()
  }
}
