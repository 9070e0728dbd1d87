import { hkdfSync } from 'node:crypto'
import { GatewatchError } from '../../runtime/errors.ts'
import { openSecret, readSecretFile } from '../../runtime/secrets.ts'

const MIN_CHARACTERS = 32
const MAX_KEYS = 8
const KEY_ID_BYTES = 8

/** One secret that segments are encrypted under; the key of a segment is derived from it. */
export interface SpoolKey {
  /** Names the secret in a segment's header and tells nothing about it. */
  readonly id: Buffer
  /** The AES-256 key of the segment with this salt. */
  derive(salt: Buffer): Buffer
}

export interface SpoolKeys {
  /** New segments are written under this one. */
  readonly current: SpoolKey
  /** Of a key that is current or was. */
  find(id: Buffer): SpoolKey | undefined
}

/**
 * The secrets of the spool: the file that the configuration names, or the data
 * directory's own (`secrets/gateway-spool`). One a line; the first is for new
 * segments, the others are only read with. So a key is changed by putting the
 * new one on top and starting again, since each start begins a new segment; the
 * old line may go once the spool has been empty.
 */
export async function openSpoolKeys(dataDir: string, keyFile: string | undefined): Promise<SpoolKeys> {
  const text =
    keyFile === undefined
      ? await openSecret(dataDir, 'gateway-spool')
      : await readSecretFile(keyFile, 'gateway.spool.key_file')
  const secrets = text.split(/\s+/)
  const where = keyFile ?? 'secrets/gateway-spool in the data directory'
  if (secrets.length > MAX_KEYS || secrets.some((secret) => secret.length < MIN_CHARACTERS))
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The spool's key file (${where}) must hold 1 to ${MAX_KEYS} keys, one a line, of ${MIN_CHARACTERS} characters or more each; make one with: openssl rand -base64 32.`,
    )
  return spoolKeys(secrets)
}

/** Keys of secrets, the current one first. HKDF (RFC 5869) with SHA-256 throughout. */
export function spoolKeys(secrets: readonly string[]): SpoolKeys {
  const [current, ...older] = secrets.map(spoolKey)
  if (current === undefined) throw new RangeError('a spool needs a key')
  const all = [current, ...older]
  return { current, find: (id) => all.find((key) => key.id.equals(id)) }
}

function spoolKey(secret: string): SpoolKey {
  const derive = (salt: Buffer, info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, salt, `gatewatch spool ${info}`, bytes))
  return {
    id: derive(Buffer.alloc(0), 'key id', KEY_ID_BYTES),
    derive: (salt) => derive(salt, 'segment', 32),
  }
}
