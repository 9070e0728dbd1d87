import { hash } from 'node:crypto'

export interface OffsetRange {
  readonly partition: number
  readonly first: number
  readonly last: number
}

/** The same for the same ranges of offsets of a group: what a store outside the log knows a repeat by. */
export function batchToken(group: string, topic: string, ranges: readonly OffsetRange[]): string {
  const text = ranges.map(({ partition, first, last }) => `${partition}:${first}-${last}`).join(',')
  return hash('sha256', `${group}/${topic}/${text}`).slice(0, 32)
}
