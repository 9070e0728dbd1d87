/**
 * Gives values in the order of their time as far as a window of `capacity`
 * values allows: exports often come newest first, or one user after the other,
 * and detectors learn from order. Equal times keep their order. A source that
 * is shorter than the window comes out sorted; one that is in order passes
 * unchanged. A capacity of 0 passes all at once.
 *
 * A binary heap: O(log capacity) a value.
 */
export interface TimeOrder<T> {
  /** Takes a value; gives the earliest one when the window is full. */
  push(at_ms: number, value: T): T | undefined
  /** Gives what is left, earliest first. */
  drain(): IterableIterator<T>
}

interface Entry<T> {
  readonly at_ms: number
  readonly seq: number
  readonly value: T
}

export function timeOrder<T>(capacity: number): TimeOrder<T> {
  const heap: Entry<T>[] = []
  let seq = 0

  const pop = (): Entry<T> | undefined => {
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    let at = 0
    for (;;) {
      const child = smallerChild(heap, at)
      if (child === null || !isBefore(heap[child], heap[at])) return first
      swap(heap, at, child)
      at = child
    }
  }

  return {
    push(at_ms, value) {
      if (capacity === 0) return value
      heap.push({ at_ms, seq, value })
      seq += 1
      for (let at = heap.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if (!isBefore(heap[at], heap[parent])) break
        swap(heap, at, parent)
        at = parent
      }
      return heap.length > capacity ? pop()?.value : undefined
    },
    *drain() {
      for (let next = pop(); next !== undefined; next = pop()) yield next.value
    },
  }
}

function smallerChild<T>(heap: readonly Entry<T>[], at: number): number | null {
  const left = 2 * at + 1
  if (left >= heap.length) return null
  return left + 1 < heap.length && isBefore(heap[left + 1], heap[left]) ? left + 1 : left
}

function isBefore<T>(a: Entry<T> | undefined, b: Entry<T> | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.seq < b.seq)
}

function swap<T>(heap: Entry<T>[], a: number, b: number): void {
  const [x, y] = [heap[a], heap[b]]
  if (x === undefined || y === undefined) return
  heap[a] = y
  heap[b] = x
}
