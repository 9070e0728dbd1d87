import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { endorse, Endorsement, keyIdOf, type CheckpointKey } from '../../../schemas/checkpoint.ts'
import { openSecret, replaceSecret } from '../secrets.ts'

const SECRET = 'checkpoint-key'
/** The PKCS #8 form of an Ed25519 key is this and the 32 bytes of its seed (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
/** So many endorsements travel with a checkpoint; who has trusted none of the last eight keys must be told of the new one. */
const MOST_ENDORSEMENTS = 8

/** A line of `checkpoints/keys.jsonl`: a public key of this data directory, never removed. */
const KnownKey = z.strictObject({
  key_id: z.string(),
  public_key: z.string(),
  since: z.string(),
  endorsement: Endorsement.nullable(),
})
export type KnownKey = z.infer<typeof KnownKey>

/**
 * The key that this data directory signs checkpoints with; made at the first
 * use. The secret is the seed in `secrets/checkpoint-key`; public keys stay in
 * `checkpoints/keys.jsonl` for ever, since what they signed is checked for as long.
 */
export async function openSigningKey(dataDir: string, nowMs: number): Promise<CheckpointKey> {
  const privateKey = privateKeyOf(await openSecret(dataDir, SECRET))
  const public_key = publicKeyOf(privateKey)
  const known = await readKnownKeys(dataDir)
  if (!known.some((key) => key.public_key === public_key))
    await addKnownKey(dataDir, { public_key, nowMs, endorsement: null })
  return { privateKey, public_key, endorsements: endorsementsOf(public_key, known) }
}

/**
 * Makes a new key, has the old one vouch for it, and forgets the old seed, so
 * that who steals the directory later can sign nothing as of before. The public
 * key is written down first: dying in between leaves one that never signs.
 * Processes that run go on with the old key until they are started again.
 */
export async function rotateSigningKey(dataDir: string, nowMs: number): Promise<KnownKey> {
  const old = await openSigningKey(dataDir, nowMs)
  const seed = randomBytes(32).toString('base64url')
  const public_key = publicKeyOf(privateKeyOf(seed))
  const added = await addKnownKey(dataDir, { public_key, nowMs, endorsement: endorse(public_key, old) })
  await replaceSecret(dataDir, SECRET, seed)
  return added
}

/** Every public key that this data directory has signed with, the oldest first. */
export async function readKnownKeys(dataDir: string): Promise<KnownKey[]> {
  let text: string
  try {
    text = await readFile(keysPath(dataDir), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const keys: KnownKey[] = []
  for (const line of text.split('\n')) {
    // A line that a crash cut off is a key that was never used.
    const parsed = KnownKey.safeParse(jsonOf(line))
    if (parsed.success) keys.push(parsed.data)
  }
  return keys
}

async function addKnownKey(
  dataDir: string,
  { public_key, nowMs, endorsement }: { public_key: string; nowMs: number; endorsement: Endorsement | null },
): Promise<KnownKey> {
  const since = new Date(nowMs).toISOString()
  const key: KnownKey = { key_id: keyIdOf(public_key), public_key, since, endorsement }
  await mkdir(join(dataDir, 'checkpoints'), { recursive: true, mode: 0o700 })
  // A new line first: a line that was cut off must not swallow this one.
  await appendFile(keysPath(dataDir), `\n${JSON.stringify(key)}\n`, { mode: 0o600, flush: true })
  return key
}

function endorsementsOf(public_key: string, known: readonly KnownKey[]): Endorsement[] {
  const endorsements: Endorsement[] = []
  let of: string | undefined = public_key
  while (of !== undefined && endorsements.length < MOST_ENDORSEMENTS) {
    const endorsement: Endorsement | null | undefined = known.find(
      (key) => key.public_key === of,
    )?.endorsement
    if (endorsement) endorsements.push(endorsement)
    of = endorsement?.by
  }
  return endorsements
}

function privateKeyOf(seed: string): KeyObject {
  const bytes = Buffer.concat([PKCS8_HEAD, Buffer.from(seed, 'base64url')])
  return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
}

function publicKeyOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (x === undefined) throw new TypeError('an Ed25519 key has a public part')
  return x
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function keysPath(dataDir: string): string {
  return join(dataDir, 'checkpoints', 'keys.jsonl')
}
