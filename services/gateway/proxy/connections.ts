import { entityKey, subjectEntityId } from '../../../schemas/entity.ts'
import { demandsRevoke, readState } from '../risk/risk-view.ts'

/** A request that was permitted and is still being served: a WebSocket, a stream, a long download. */
export interface LiveConnection {
  readonly subject: { readonly type: string; readonly id: string }
  readonly session_id: string | undefined
  readonly device_id: string | undefined
  readonly authenticated_at_ms: number | undefined
  readonly break_glass: boolean
  /** Ends it at once, both ways. Called at most once. */
  readonly cut: () => void
}

export interface LiveConnections {
  /** Registers a connection; call what is returned when it has ended. */
  add(connection: LiveConnection): () => void
  /** Told of each change of `risk.state`; cuts what the change revokes, and returns how many. */
  riskChanged(key: string, value: Uint8Array | undefined, now: number): number
  readonly size: number
  cutAll(): void
}

/** Live connections by the entities that they can be revoked by. */
export function liveConnections(tenant: string): LiveConnections {
  const byKey = new Map<string, Set<LiveConnection>>()
  const all = new Set<LiveConnection>()

  function keysOf(connection: LiveConnection): string[] {
    const keys: string[] = []
    if (connection.subject.type !== 'anonymous') {
      keys.push(entityKey(tenant, { type: 'subject', id: subjectEntityId(connection.subject) }))
    }
    if (connection.session_id !== undefined) {
      keys.push(entityKey(tenant, { type: 'session', id: connection.session_id }))
    }
    if (connection.device_id !== undefined) {
      keys.push(entityKey(tenant, { type: 'device', id: connection.device_id }))
    }
    return keys
  }

  function remove(connection: LiveConnection): void {
    if (!all.delete(connection)) return
    for (const key of keysOf(connection)) {
      const set = byKey.get(key)
      set?.delete(connection)
      if (set?.size === 0) byKey.delete(key)
    }
  }

  return {
    get size() {
      return all.size
    },
    add(connection) {
      all.add(connection)
      for (const key of keysOf(connection)) {
        const set = byKey.get(key)
        if (set) set.add(connection)
        else byKey.set(key, new Set([connection]))
      }
      return () => remove(connection)
    },
    riskChanged(key, value, now) {
      const touched = byKey.get(key)
      if (touched === undefined) return 0
      const state = readState(value)
      if (state === null) return 0
      let count = 0
      for (const connection of Array.from(touched)) {
        if (connection.break_glass || !demandsRevoke(state, connection.authenticated_at_ms, now)) continue
        remove(connection)
        connection.cut()
        count += 1
      }
      return count
    },
    cutAll() {
      for (const connection of Array.from(all)) {
        remove(connection)
        connection.cut()
      }
    },
  }
}
