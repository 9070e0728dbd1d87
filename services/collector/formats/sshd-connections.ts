import type { SshdAttempt } from './sshd-message.ts'

/** Connections that are remembered at a time; the one that was quiet longest is forgotten, and may count an attempt twice. */
const MAX_CONNECTIONS = 10_000

interface Connection {
  /** A refusal that is counted, and whose `Failed` line may still come: of the name, or by PAM. */
  pending: 'name' | 'pam' | null
  /** The client has offered a key, and that attempt is counted. */
  key: boolean
}

export interface Connections {
  /** Whether the attempt is one that an earlier line of the same connection told of. Remembers it otherwise. */
  isRepeat(id: string, attempt: SshdAttempt): boolean
  end(id: string): void
}

/**
 * Tells which lines of one connection are about one attempt. sshd writes one
 * to three lines about each: the name is unknown or not allowed, PAM refused,
 * the method failed. Which of them it writes depends on version, system and
 * `LogLevel`, so whichever comes first is the attempt.
 */
export function sshdConnections(): Connections {
  const open = new Map<string, Connection>()

  const touch = (id: string): Connection => {
    const connection = open.get(id) ?? { pending: null, key: false }
    open.delete(id)
    open.set(id, connection)
    if (open.size > MAX_CONNECTIONS) {
      const [oldest] = open.keys()
      if (oldest !== undefined) open.delete(oldest)
    }
    return connection
  }

  return {
    end: (id) => void open.delete(id),
    isRepeat(id, attempt) {
      if (attempt.kind === 'refused') {
        const connection = touch(id)
        const repeat = connection.pending === 'name'
        connection.pending = attempt.why === 'pam' ? 'pam' : 'name'
        return repeat
      }
      if (attempt.kind === 'accepted') {
        open.delete(id)
        return false
      }
      const known = open.get(id)
      const isKey = attempt.method === 'publickey'
      const repeat = known !== undefined && (known.pending !== null || (isKey && known.key))
      if (known !== undefined) known.pending = null
      if (isKey) touch(id).key = true
      return repeat
    },
  }
}
