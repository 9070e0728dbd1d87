import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

interface Stored {
  readonly payload: AdapterPayload
  readonly expiresAtMs: number
}

/** Sessions, grants and codes of fifty people; the oldest go when there are more. */
const MAX_ENTRIES = 5000

/** What the provider must remember, in memory: a restart of the demo signs everybody out of the provider. */
export function memoryAdapter(now: () => number = Date.now): AdapterFactory {
  const entries = new Map<string, Stored>()

  const get = (key: string): AdapterPayload | undefined => {
    const stored = entries.get(key)
    if (!stored) return undefined
    if (stored.expiresAtMs > now()) return stored.payload
    entries.delete(key)
    return undefined
  }

  return (model): Adapter => ({
    async upsert(id, payload, expiresIn) {
      const key = `${model}:${id}`
      entries.delete(key)
      entries.set(key, { payload, expiresAtMs: expiresIn ? now() + expiresIn * 1000 : Infinity })
      for (const oldest of entries.keys()) {
        if (entries.size <= MAX_ENTRIES) break
        entries.delete(oldest)
      }
    },
    find: async (id) => get(`${model}:${id}`),
    findByUid: async (uid) => scan(model, (payload) => payload.uid === uid),
    findByUserCode: async (userCode) => scan(model, (payload) => payload.userCode === userCode),
    async consume(id) {
      const payload = get(`${model}:${id}`)
      if (payload) payload.consumed = Math.floor(now() / 1000)
    },
    async destroy(id) {
      entries.delete(`${model}:${id}`)
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key)
    },
  })

  /** Rare (a session looked up by its uid), and over a bounded map: no second index is worth its upkeep. */
  function scan(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const [key, { payload }] of entries)
      if (key.startsWith(`${model}:`) && matches(payload)) return get(key)
    return undefined
  }
}
