import { appendFile, copyFile, mkdtemp, rename, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { beginAgain, beginNew } from '../../../../services/collector/live/file/begin.ts'
import { followFile } from '../../../../services/collector/live/file/follow.ts'
import type { FilePosition } from '../../../../services/collector/live/file/position.ts'

type Step =
  | { do: 'write'; lines: number }
  | { do: 'read' }
  | { do: 'rename' }
  | { do: 'copytruncate' }
  | { do: 'restart' }

/** Reads until everything is read, from a position on; gives the lines and the position behind them. */
async function readOn(path: string, from: FilePosition | null, lost: string[]) {
  const stop = new AbortController()
  const start =
    from === null
      ? (await beginNew(path, 'beginning')).start
      : await beginAgain(path, from, (cause) => lost.push(cause))
  const lines: string[] = []
  let position = from
  let quiet = 0
  const options = {
    path,
    max_bytes: 10_000,
    poll_ms: 1,
    rotate_wait_ms: 2,
    signal: stop.signal,
    // Quiet for a few looks: a rotation that waits has been passed, too.
    caughtUp: () => {
      quiet += 1
      if (quiet > 3) stop.abort()
    },
    lost: (cause: string) => lost.push(cause),
  }
  for await (const some of followFile(start, options)) {
    quiet = 0
    lines.push(...some.records.map(({ text }) => text))
    position = some.position
  }
  return { lines, position }
}

it('whatever is written, rotated and restarted in whatever order, each line is read once and in order', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), lines: fc.integer({ min: 1, max: 60 }) }),
    fc.record({
      do: fc.constantFrom('read' as const, 'rename' as const, 'copytruncate' as const, 'restart' as const),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps: Step[]) => {
      const folder = await mkdtemp(join(tmpdir(), 'gatewatch-rotation-'))
      try {
        const path = join(folder, 'a.log')
        const lost: string[] = []
        const got: string[] = []
        let written = 0
        let generation = 0
        let position: FilePosition | null = null
        const write = async (lines: number): Promise<void> => {
          let text = ''
          for (let nth = 0; nth < lines; nth += 1) text += `line ${written++} ${'x'.repeat(written % 37)}\n`
          await appendFile(path, text)
        }
        const read = async (): Promise<void> => {
          const more = await readOn(path, position, lost)
          got.push(...more.lines)
          ;({ position } = more)
        }
        await write(1)
        await read()
        for (const one of steps) {
          if (one.do === 'write') await write(one.lines)
          else if (one.do === 'rename') {
            // Generations are told apart by when they were written, and a file system's clock ticks every 4 ms.
            await pause(8)
            await rename(path, `${path}.${(generation += 1)}`)
            await write(1)
          } else if (one.do === 'copytruncate') {
            await pause(8)
            await copyFile(path, `${path}.${(generation += 1)}`)
            await truncate(path)
            await pause(8)
            await write(1)
          } else await read()
        }
        await read()
        expect(lost).toEqual([])
        expect(got.map((line) => Number(line.split(' ')[1]))).toEqual(
          Array.from({ length: written }, (_, nth) => nth),
        )
      } finally {
        await rm(folder, { recursive: true })
      }
    }),
    { numRuns: 40 },
  )
})
