import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LogTopic } from '../../../schemas/topics.ts'
import type { DriverUnderTest } from './driver-under-test.ts'

/** A client in a process of its own; its words come line by line. */
export function startChild(
  driver: Pick<DriverUnderTest, 'child'>,
  role: string,
  from: LogTopic,
  to: LogTopic,
) {
  const script = fileURLToPath(new URL('event-log-child.ts', import.meta.url))
  const names = [from, to].map(({ name }) => name)
  const { module, argument } = driver.child
  const child = spawn(process.execPath, [script, module, argument, role, ...names], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  return {
    lines,
    /** Resolves with the rest of the first line that begins with `word`. */
    said: (word: string) =>
      new Promise<string>((resolve, reject) => {
        lines.on('line', (line) => {
          if (line.startsWith(word)) resolve(line.slice(word.length).trim())
        })
        void exited.then(() => reject(new Error(`the child ended before it said ${word}`)))
      }),
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
    exited,
  }
}
