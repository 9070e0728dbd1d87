import type { DecisionInput } from '../../../schemas/decision.ts'
import { addressOf } from './address.ts'
import { decisions, skip, unusable, type Draft, type ReadingOptions, type RecordReader } from './format.ts'
import { sshdConnections } from './sshd-connections.ts'
import { sshdMessage, unfold, type SshdAttempt } from './sshd-message.ts'
import { syslogReader, type SyslogLine } from './syslog.ts'
import { keep } from './unmapped.ts'

/** Decisions that one `message repeated N times` line may become; `unmapped.repeated` keeps the N that was written. */
const MAX_REPEATS = 256

/**
 * OpenSSH's log: syslog (RFC 3164, 3339 or 5424 instants) or journald's
 * short-iso, of `sshd` and, since OpenSSH 9.8, `sshd-session`.
 *
 * | sshd | decision |
 * |---|---|
 * | instant, with year and zone where it has none | `decided_at` |
 * | `Accepted METHOD for USER` | `permit`, `foreign_permit` |
 * | `Failed METHOD for USER` | `deny`, `credentials_rejected` |
 * | `Invalid user USER`, `… for invalid user USER` | `deny`, `account_unknown` |
 * | `User USER from … not allowed because …`, `ROOT LOGIN REFUSED` | `deny`, `permission_missing` |
 * | `error: PAM: … for USER from` | `deny`, `credentials_rejected` |
 * | USER | `subject` `user`; an empty one: `anonymous` |
 * | METHOD | `subject.amr` |
 * | host | `resource` `host`, `app` `sshd`; `action` `ssh.login` |
 * | `from ADDRESS port PORT` | `context.ip`, `context.port`; a host name: `unmapped.source_host` |
 * | pid, key, `repeated N times` | `unmapped` |
 *
 * One attempt is one decision, though sshd may write several lines about it;
 * the pid tells which lines are of one connection:
 * - a refusal that was logged on its own (`Invalid user`, `not allowed`, `PAM`)
 *   and the first `Failed` after it are one attempt;
 * - the keys that a client offers one after the other are one attempt;
 * - `Failed none` is the client asking which methods there are.
 * `message repeated N times` is N attempts: it stands for N lines.
 *
 * A client that leaves without trying (`Connection closed by authenticating
 * user`) was refused nothing. PAM's own lines repeat what sshd says.
 */
export function sshdReader(options: ReadingOptions): RecordReader {
  const head = syslogReader(options)
  const connections = sshdConnections()

  return {
    contentOf: (text) => text.trimEnd(),
    assumedYear: () => head.assumedYear(),
    // Syslog's own form has none; a line that has one is not changed by it.
    assumedZone: () => true,
    read(text) {
      if (text.trim() === '') return skip('blank')
      // `-- Boot … --` and the like: journald's own remarks.
      if (text.startsWith('-- ')) return skip('no_decision')
      const line = head.read(text)
      if (line === 'no_timestamp') return unusable(line, 'the line does not begin with an instant of syslog')
      if (line === 'timestamp_invalid') return unusable(line, 'no calendar has this instant')
      if (line.program !== 'sshd' && line.program !== 'sshd-session') return skip('other_program')
      const { times, message } = unfold(line.message)
      const said = sshdMessage(message)
      const connection = `${line.host}/${line.pid}`
      if (said.kind === 'unreadable')
        return unusable('line_unreadable', 'sshd tells of an attempt in words we cannot read')
      if (said.kind === 'end') connections.end(connection)
      if (said.kind === 'end' || said.kind === 'other') return skip('no_decision')
      if (said.kind === 'failed' && said.method === 'none') return skip('no_decision')
      const repeat = line.pid !== '' && connections.isRepeat(connection, said)
      // Keys that a client offers one after the other are one attempt, however often the line says it.
      const told = said.kind === 'failed' && said.method === 'publickey' ? 1 : times
      const count = repeat ? told - 1 : told
      if (count <= 0) return skip('same_attempt')
      const draft = draftOf(line, said, times)
      return decisions(...Array.from({ length: Math.min(count, MAX_REPEATS) }, () => draft))
    },
  }
}

function draftOf(line: SyslogLine, attempt: SshdAttempt, times: number): Draft {
  const ip = addressOf(attempt.from)
  const subject: DecisionInput['subject'] =
    attempt.user === '' ? { type: 'anonymous', id: 'anonymous' } : { type: 'user', id: attempt.user }
  if (attempt.kind !== 'refused') subject.amr = [attempt.method.slice(0, 64)]
  const context: NonNullable<DecisionInput['context']> = {}
  if (ip !== null) context.ip = ip
  if (attempt.port !== null) context.port = attempt.port
  return {
    schema_version: 1,
    decided_at: new Date(line.at_ms).toISOString(),
    outcome: attempt.kind === 'accepted' ? 'permit' : 'deny',
    reasons: [reasonOf(attempt)],
    subject,
    action: { name: 'ssh.login' },
    resource: { type: 'host', id: line.host, app: 'sshd' },
    context,
    unmapped: keep({
      program: line.program,
      pid: line.pid,
      key: attempt.kind === 'refused' ? '' : attempt.key,
      source_host: ip === null ? attempt.from : '',
      repeated: times > 1 ? times : '',
    }),
  }
}

function reasonOf(attempt: SshdAttempt): NonNullable<DecisionInput['reasons']>[number] {
  if (attempt.kind === 'refused') {
    if (attempt.why === 'unknown_user') return 'account_unknown'
    return attempt.why === 'not_allowed' ? 'permission_missing' : 'credentials_rejected'
  }
  if (attempt.kind === 'accepted') return 'foreign_permit'
  return attempt.unknown_user ? 'account_unknown' : 'credentials_rejected'
}
