import { entityKey, subjectEntityId } from '../../../schemas/entity.ts'
import type { Permitted } from '../enforce.ts'
import type { DecisionDraft } from '../record/decision-draft.ts'
import { demandsRevoke, readState } from '../risk/risk-view.ts'
import { cutDraft } from './cut-draft.ts'

/** A request that was permitted and is still being served: a WebSocket, a stream, a long download. */
export interface LiveConnection {
  readonly subject: { readonly type: string; readonly id: string }
  readonly session_id: string | undefined
  readonly device_id: string | undefined
  readonly authenticated_at_ms: number | undefined
  readonly break_glass: boolean
  /** The decision that let it in. */
  readonly draft: DecisionDraft
  /** The same request judged again, as things stand at the call. */
  readonly again: () => Promise<DecisionDraft>
  /** Ends it at once, both ways. Called at most once. */
  readonly cut: () => void
}

export interface LiveConnections {
  /** Registers a connection; call what is returned when it has ended. */
  add(connection: LiveConnection): () => void
  /** Told of each change of `risk.state`; cuts what the change revokes, and returns the decisions that this makes. */
  riskChanged(key: string, value: Uint8Array | undefined, now: number): readonly DecisionDraft[]
  /** The connections of an entity, as they are at the call. */
  of(key: string): readonly LiveConnection[]
  all(): readonly LiveConnection[]
  /** Cuts a connection; false when it has ended meanwhile. */
  cut(connection: LiveConnection): boolean
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

  function remove(connection: LiveConnection): boolean {
    if (!all.delete(connection)) return false
    for (const key of keysOf(connection)) {
      const set = byKey.get(key)
      set?.delete(connection)
      if (set?.size === 0) byKey.delete(key)
    }
    return true
  }

  function cut(connection: LiveConnection): boolean {
    if (!remove(connection)) return false
    connection.cut()
    return true
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
      return () => void remove(connection)
    },
    riskChanged(key, value, now) {
      const touched = byKey.get(key)
      if (touched === undefined) return []
      const state = readState(value)
      if (state === null) return []
      const cuts: DecisionDraft[] = []
      for (const connection of Array.from(touched)) {
        if (connection.break_glass || !demandsRevoke(state, connection.authenticated_at_ms, now)) continue
        cut(connection)
        const { score, level, revision } = state
        cuts.push(
          cutDraft(connection.draft, now, {
            outcome: 'revoke',
            reasons: ['risk_revoke'],
            caused_by: 'risk_feedback',
            inputs: { 'risk.revoke': true },
            risk_at_decision: { score, level, revision, age_ms: 0 },
          }),
        )
      }
      return cuts
    },
    of: (key) => Array.from(byKey.get(key) ?? []),
    all: () => Array.from(all),
    cut,
    cutAll() {
      for (const connection of Array.from(all)) cut(connection)
    },
  }
}

/** A live connection of a permitted request. */
export function liveConnection({ decided, identity, again }: Permitted, cut: () => void): LiveConnection {
  const { inputs, decision, draft } = decided
  return {
    subject: inputs.subject,
    session_id: identity.session_id,
    device_id: inputs.device.id === '' ? undefined : inputs.device.id,
    authenticated_at_ms: identity.authenticated_at_ms,
    break_glass: decision.break_glass,
    draft,
    again,
    cut,
  }
}
