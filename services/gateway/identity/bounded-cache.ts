/** A map of bounded size and age: the oldest entry goes first. For what can be worked out again. */
export interface BoundedCache<V> {
  get(key: string, now: number): V | undefined
  set(key: string, value: V, expires_at_ms: number): void
}

export function boundedCache<V>(capacity: number): BoundedCache<V> {
  const entries = new Map<string, { readonly value: V; readonly expires_at_ms: number }>()
  return {
    get(key, now) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry.expires_at_ms > now) return entry.value
      entries.delete(key)
      return undefined
    },
    set(key, value, expires_at_ms) {
      entries.delete(key)
      if (entries.size >= capacity) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest)
          break
        }
      }
      entries.set(key, { value, expires_at_ms })
    },
  }
}
