import { seededNumbers } from '../../runtime/seeded-numbers.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const CHUNK_CHARACTERS = 65_536

/**
 * An sshd log as a host on the internet writes it: people who sign in and work,
 * and guessing from everywhere; about two decisions in five lines, like the
 * logs that we measured. The same for the same seed. Addresses are those of
 * TEST-NETs and of 198.18.0.0/15.
 */
export function* sshdLog(
  lines: number,
  { seed = 1, from_ms = Date.UTC(2024, 0, 1) } = {},
): Generator<string> {
  const random = seededNumbers(seed)
  const pick = (below: number): number => Math.floor(random() * below)
  let atMs = from_ms
  let pid = 1000
  const done = { lines: 0 }
  let chunk = ''

  const line = (program: string, message: string): void => {
    if (done.lines >= lines) return
    const at = new Date(atMs)
    const two = (value: number): string => String(value).padStart(2, '0')
    const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
    const day = String(at.getUTCDate()).padStart(2, ' ')
    chunk += `${MONTHS[at.getUTCMonth()]} ${day} ${clock} bastion-${pid % 3} ${program}: ${message}\n`
    done.lines += 1
  }

  while (done.lines < lines) {
    atMs += pick(12_000)
    pid = pid > 60_000 ? 1000 : pid + 1 + pick(3)
    const sshd = `sshd[${pid}]`
    const port = 1024 + pick(60_000)
    const kind = random()
    if (kind < 0.5) {
      const user = `user${pick(400)}`
      const from = `192.0.2.${1 + (pick(400) % 250)} port ${port}`
      if (random() < 0.05) line(sshd, `Failed password for ${user} from ${from} ssh2`)
      line(sshd, `Accepted publickey for ${user} from ${from} ssh2: ED25519 SHA256:${pick(1e9)}`)
      line(
        sshd,
        `pam_unix(sshd:session): session opened for user ${user}(uid=${1000 + pick(400)}) by (uid=0)`,
      )
      line(`systemd-logind[412]`, `New session ${pid} of user ${user}.`)
      if (random() < 0.6) line(sshd, `Received disconnect from ${from}:11: disconnected by user`)
    } else {
      const from = `198.18.${pick(256)}.${pick(256)}`
      const unknown = random() < 0.7
      const user = unknown ? `guess${pick(5000)}` : 'root'
      if (unknown) line(sshd, `Invalid user ${user} from ${from} port ${port}`)
      line(
        sshd,
        `Failed password for ${unknown ? 'invalid user ' : ''}${user} from ${from} port ${port} ssh2`,
      )
      if (random() < 0.3) {
        line(
          sshd,
          `Failed password for ${unknown ? 'invalid user ' : ''}${user} from ${from} port ${port} ssh2`,
        )
      }
      line(
        sshd,
        `Connection closed by ${unknown ? 'invalid' : 'authenticating'} user ${user} ${from} port ${port} [preauth]`,
      )
    }
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk
      chunk = ''
    }
  }
  if (chunk !== '') yield chunk
}
