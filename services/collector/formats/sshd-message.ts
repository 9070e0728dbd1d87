/** What one message of sshd says about an attempt to sign in. */
export type SshdMessage =
  | {
      readonly kind: 'accepted' | 'failed'
      readonly method: string
      readonly user: string
      readonly unknown_user: boolean
      readonly from: string
      readonly port: number | null
      /** Key type and fingerprint, for a key. */
      readonly key: string
    }
  | {
      readonly kind: 'refused'
      readonly why: 'unknown_user' | 'not_allowed' | 'pam'
      readonly user: string
      readonly from: string
      readonly port: number | null
    }
  | { readonly kind: 'end' }
  | { readonly kind: 'other' }
  /** It should tell of an attempt, and can't be read. */
  | { readonly kind: 'unreadable' }

export type SshdAttempt = Exclude<SshdMessage, { kind: 'end' | 'other' | 'unreadable' }>

/*
 * The client chooses the user name, so a name may look like the end of the
 * line (`x from 192.0.2.1 port 22 ssh2`). Every pattern is anchored at the end
 * and its name is greedy: the address is the last one, which sshd wrote.
 */
const TRIED =
  /^(Accepted|Failed) (\S+) for (invalid user |illegal user )?(.*) from (\S+)(?: port (\d+))?(?: ssh\d?)?(?:: (.*))?$/s
const INVALID = /^(?:Invalid|Illegal) user (.*) from (\S+)(?: port (\d+))?\s*$/s
const NOT_ALLOWED = /^User (.*) from (\S+) not allowed because /s
const ROOT_REFUSED = /^ROOT LOGIN REFUSED FROM (\S+)(?: port (\d+))?/
const PAM_FAILURE = /^error: PAM: .* for (illegal user |invalid user )?(.*) from (\S+)\s*$/s
const END = /^(?:Connection (?:closed|reset) |Disconnected |pam_unix\(sshd:session\): session closed )/
const REPEATED = /^message repeated (\d+) times: \[ ?(.*)\]\s*$/s

/** Takes `message repeated N times: [ … ]` (rsyslog) apart: how often, and what. */
export function unfold(message: string): { readonly times: number; readonly message: string } {
  if (!message.startsWith('message repeated ')) return { times: 1, message }
  const match = REPEATED.exec(message)
  if (match === null) return { times: 1, message }
  return { times: Number(match[1]), message: match[2] ?? '' }
}

export function sshdMessage(message: string): SshdMessage {
  if (message.startsWith('Accepted ') || message.startsWith('Failed ')) return tried(message)
  if (message.startsWith('Invalid user ') || message.startsWith('Illegal user ')) {
    const match = INVALID.exec(message)
    if (match === null) return { kind: 'unreadable' }
    const [, user = '', from = '', port] = match
    return { kind: 'refused', why: 'unknown_user', user, from, port: portOf(port) }
  }
  if (END.test(message)) return { kind: 'end' }
  const notAllowed = NOT_ALLOWED.exec(message)
  if (notAllowed !== null) {
    const [, user = '', from = ''] = notAllowed
    return { kind: 'refused', why: 'not_allowed', user, from, port: null }
  }
  const root = ROOT_REFUSED.exec(message)
  if (root !== null) {
    return { kind: 'refused', why: 'not_allowed', user: 'root', from: root[1] ?? '', port: portOf(root[2]) }
  }
  const pam = PAM_FAILURE.exec(message)
  if (pam !== null) {
    const [, unknown, user = '', from = ''] = pam
    return { kind: 'refused', why: unknown === undefined ? 'pam' : 'unknown_user', user, from, port: null }
  }
  return { kind: 'other' }
}

function tried(message: string): SshdMessage {
  const match = TRIED.exec(message)
  // `Failed to release session`, `Failed to allocate`: sshd's own troubles.
  if (match === null) return / for .* from\b/.test(message) ? { kind: 'unreadable' } : { kind: 'other' }
  const [, verb, method = '', unknown, user = '', from = '', port, key = ''] = match
  return {
    kind: verb === 'Accepted' ? 'accepted' : 'failed',
    method,
    user,
    unknown_user: unknown !== undefined,
    from,
    port: portOf(port),
    key,
  }
}

function portOf(text: string | undefined): number | null {
  const port = Number(text ?? NaN)
  return Number.isInteger(port) && port <= 65_535 ? port : null
}
