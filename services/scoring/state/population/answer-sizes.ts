import { combine } from '../hash.ts'
import type { CountedValues } from './counted-values.ts'
import type { AnswerSize } from './population.ts'

/** Sizes of answers lie beside the counts: how many, their sum, their squares. */
const COUNT = 32
const SUM = 33
const SQUARES = 34
const LEAST_SIZES = 20
const MANY_SIZES = 200
const ONE_IN = 64

export function sizeOf(values: CountedValues, resource: number, atMs: number): AnswerSize | undefined {
  if (resource === 0) return undefined
  const count = values.figure(combine(COUNT, resource), atMs)
  if (count < LEAST_SIZES) return undefined
  const mean = values.figure(combine(SUM, resource), atMs) / count
  const square = values.figure(combine(SQUARES, resource), atMs) / count
  return { mean, deviation: Math.sqrt(Math.max(0, square - mean * mean)) }
}

export function addSize(values: CountedValues, resource: number, nats: number, atMs: number): void {
  if (resource === 0) return
  const key = combine(COUNT, resource)
  // Of a resource that is known well one in so many, by the second: a write of half a kilobyte each would be too dear.
  if (values.figure(key, atMs) >= MANY_SIZES && Math.floor(atMs / 1000) % ONE_IN !== 0) return
  values.addToFigure(key, 1, atMs)
  values.addToFigure(combine(SUM, resource), nats, atMs)
  values.addToFigure(combine(SQUARES, resource), nats * nats, atMs)
}
