import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { policyStage, sourceStage, subjectStage } from '../../../services/scoring/worker.ts'
import type { Stages } from '../../../services/scoring/replay.ts'
import type { DriverUnderTest } from '../log/driver-under-test.ts'
import { testEnrich } from './play.ts'

/** The stages with so little memory that a story of some hundred people and some hours makes them forget. */
export function smallStages(): Stages {
  return {
    subject: subjectStage(testEnrich(), { entities: 240, idle_hours: 12, stranger_idle_hours: 2 }),
    source: sourceStage({ entities: 100, idle_hours: 3, stranger_idle_hours: 1 }),
    policy: policyStage(),
  }
}

export interface ScoringWorker {
  kill(): Promise<void>
  /** Ends it in order; rejects when it does not within 10 s. */
  stop(): Promise<void>
}

/** Starts a scoring worker in a process of its own; resolves when it takes part in its groups. */
export async function startScoringWorker({ child }: DriverUnderTest): Promise<ScoringWorker> {
  const script = fileURLToPath(new URL('scoring-child.ts', import.meta.url))
  const worker = spawn(process.execPath, [script, child.module, child.argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(worker, 'exit')
  const lines = createInterface({ input: worker.stdout })
  const said = (word: string) =>
    new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        if (line === word) resolve()
      })
      void exited.then(() => reject(new Error(`the worker ended before it said ${word}`)))
    })
  await said('running')
  return {
    async kill() {
      worker.kill('SIGKILL')
      await exited
    },
    async stop() {
      const stopped = said('stopped')
      worker.kill('SIGTERM')
      const timer = setTimeout(() => worker.kill('SIGKILL'), 10_000)
      await stopped
      await exited
      clearTimeout(timer)
    },
  }
}
