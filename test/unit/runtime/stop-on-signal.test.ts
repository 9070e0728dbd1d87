import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'

const lifecycle = new URL('../../../services/runtime/lifecycle.ts', import.meta.url).href

/** A process with a part that stops when `stopsWhen` lets it; it says on its output what it was told. */
async function started(stopsWhen: string) {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createLifecycle } from ${JSON.stringify(lifecycle)}
       import { pbkdf2 } from 'node:crypto'
       const quiet = { debug() {}, error() {} }
       const lifecycle = createLifecycle(quiet)
       await lifecycle.start('part', async () => ({ stop: () => new Promise((resolve) => { ${stopsWhen} }) }))
       lifecycle.stopOnSignal(({ kind }) => console.log(kind))
       setInterval(() => {}, 1000)
       console.log('up')`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const said: string[] = []
  const heard = (word: string) => expect.poll(() => said, { message: `it says '${word}'` }).toContain(word)
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')))
  await heard('up')
  return { child, said, heard, ended: once(child, 'exit') }
}

it('stops once when a service manager and the launcher both say so', async () => {
  const twice = `setImmediate(() => { process.emit('SIGTERM', 'SIGTERM'); setTimeout(resolve, 50) })`
  const { child, said, ended } = await started(twice)
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(said).toEqual(['up', 'signal'])
})

it('ends at once at another signal, though a thread of the pool is at work', async () => {
  const busy = `pbkdf2('a', 'b', 2 ** 31 - 1, 64, 'sha512', () => {})`
  const { child, said, heard, ended } = await started(busy)
  child.kill('SIGTERM')
  await heard('signal')
  child.kill('SIGINT')
  expect(await ended).toEqual([null, 'SIGKILL'])
  expect(said).toEqual(['up', 'signal', 'second-signal'])
})
