import { expect, it } from 'vitest'
import { RestoreTurns } from '../../../services/scoring/restore-turns.ts'

it('lets two run at a time, the others in order, and whoever is not wanted any more not at all', async () => {
  const turns = new RestoreTurns()
  const begun: number[] = []
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const unwanted = new AbortController()
  const runs = ends.map(({ promise }, index) =>
    turns.take(index === 3 ? unwanted.signal : undefined, async () => {
      begun.push(index)
      await promise
    }),
  )
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  await settled()
  expect(begun).toEqual([0, 1])
  unwanted.abort()
  await expect(runs[3]).rejects.toThrow(/aborted/)
  expect(begun).toEqual([0, 1])
  ends[1]?.resolve()
  await settled()
  expect(begun).toEqual([0, 1, 2])
  for (const { resolve } of ends) resolve()
  await Promise.all(runs.filter((_, index) => index !== 3))
  expect(begun).toEqual([0, 1, 2, 4])
})

it('gives its turn on after a failure', async () => {
  const turns = new RestoreTurns()
  const fails = () => turns.take(undefined, () => Promise.reject(new Error('cannot be read')))
  await Promise.allSettled([fails(), fails(), fails()])
  await expect(turns.take(undefined, () => Promise.resolve(7))).resolves.toBe(7)
})
