import type { Ask, Store } from './store/store.ts'

/** When the store fails it is asked no more, and `missing` says so once. */
export function guarded(store: Store, missing: string[]): Ask {
  return async (ask, otherwise) => {
    if (missing.length > 0) return otherwise
    try {
      return await ask(store)
    } catch (error) {
      missing.push(error instanceof Error ? error.message : String(error))
      return otherwise
    }
  }
}
