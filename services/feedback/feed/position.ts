/**
 * A place in a topic: the next offset of every partition, written `12.0.7`.
 * It is the `id:` of a server-sent event, so a reader that comes back with
 * `Last-Event-ID` goes on exactly there, also after a restart of the server.
 */
export type Position = readonly number[]

export function start(partitions: number): number[] {
  return Array.from({ length: partitions }, () => 0)
}

export function formatPosition(position: Position): string {
  return position.join('.')
}

/** The place that the text names, or null when it can't be one of this topic: garbage, or of another log. */
export function parsePosition(text: string, highs: Position): number[] | null {
  if (text.length > 1024 || !/^\d{1,15}(\.\d{1,15})*$/.test(text)) return null
  const offsets = text.split('.').map(Number)
  if (offsets.length !== highs.length) return null
  return offsets.every((offset, partition) => offset <= (highs[partition] ?? 0)) ? offsets : null
}

export function same(a: Position, b: Position): boolean {
  return a.every((offset, partition) => offset === b[partition])
}
