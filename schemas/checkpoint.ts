import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'
import canonicalize from 'canonicalize'
import { z } from 'zod'
import { Count, Id, Instant, Sha256, Tenant } from './bounds.ts'

/** A raw Ed25519 public key (RFC 8032), base64url. */
const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
/** An Ed25519 signature, base64url. */
const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/)

/** An older key vouches for a newer one: who trusts the older may trust the newer. */
export const Endorsement = z.strictObject({ by: PublicKey, of: PublicKey, signature: Signature })
export type Endorsement = z.infer<typeof Endorsement>

/** What is signed of a checkpoint. */
const Body = z.strictObject({
  schema_version: z.literal(1),
  tenant: Tenant,
  pep_id: Id,
  boot_id: Id,
  /** Counts the checkpoints of a boot. 0 opens it: it covers nothing and says that this boot exists. */
  number: Count,
  /** `final`: the boot ended here, and nothing after `seq_to` is its own. */
  state: z.enum(['open', 'final']),
  /** The decisions from `seq_from` to `seq_to`, both included; `seq_to` is one less where there are none. */
  seq_from: Count,
  seq_to: z.int().min(-1),
  count: Count,
  /** Hash of the link before `seq_from`, and of the link `seq_to` (the same where there are none). */
  prev_hash: Sha256,
  hash: Sha256,
  /** The earliest and the latest `decided_at` of these decisions: where in the store they are. */
  decided_from: Instant.nullable(),
  decided_to: Instant.nullable(),
  signed_at: Instant,
  /** `checkpointHash` of the checkpoint before, over boots; null when the signer knows of none. */
  previous: Sha256.nullable(),
  /** In a boot's first: the last link of the boot before, which closes that one. */
  previous_boot: z.strictObject({ boot_id: Id, seq: z.int().min(-1), hash: Sha256 }).nullable(),
  public_key: PublicKey,
  /** From the newest to the oldest. */
  endorsements: z.array(Endorsement).max(8),
})
export type CheckpointBody = z.infer<typeof Body>

/**
 * A signed statement about one stretch of a chain: these numbers of this boot
 * exist, and the chain has this hash at their end. It pins the stretch, so that
 * a cut tail, a deleted range and a rewritten chain show; each names the one
 * before, so that a missing checkpoint shows too. It is made where the
 * decisions are made, with a key that neither the log nor the store has.
 */
export const Checkpoint = Body.extend({ signature: Signature })
export type Checkpoint = z.infer<typeof Checkpoint>

/** What signs: an Ed25519 key, and who vouches for it. */
export interface CheckpointKey {
  readonly privateKey: KeyObject
  readonly public_key: string
  readonly endorsements: readonly Endorsement[]
}

/** Short name of a key: the first 16 hexadecimal digits of SHA-256 over its 32 bytes. */
export function keyIdOf(publicKey: string): string {
  return hash('sha256', Buffer.from(publicKey, 'base64url'), 'hex').slice(0, 16)
}

export function signCheckpoint(
  body: Omit<CheckpointBody, 'public_key' | 'endorsements'>,
  key: CheckpointKey,
): Checkpoint {
  const whole = { ...body, public_key: key.public_key, endorsements: [...key.endorsements] }
  return { ...whole, signature: sign(null, bodyBytes(whole), key.privateKey).toString('base64url') }
}

/** Whether the checkpoint was signed by the key that it names; whether that key is to be trusted is another question. */
export function isSigned({ signature, ...body }: Checkpoint): boolean {
  return verified(bodyBytes(body), body.public_key, signature)
}

export function endorse(of: string, by: Pick<CheckpointKey, 'privateKey' | 'public_key'>): Endorsement {
  const signature = sign(null, endorsementBytes(of), by.privateKey).toString('base64url')
  return { by: by.public_key, of, signature }
}

export function isEndorsed({ by, of, signature }: Endorsement): boolean {
  return verified(endorsementBytes(of), by, signature)
}

/** Names a checkpoint in the next one: SHA-256 over its RFC 8785 form, the signature included. */
export function checkpointHash(checkpoint: Checkpoint): string {
  return hash('sha256', canonical(checkpoint), 'hex')
}

/** What is signed begins with its purpose, so that no signature serves another one. */
function bodyBytes(body: CheckpointBody): Buffer {
  return Buffer.from(`gatewatch-checkpoint-v1\n${canonical(body)}`)
}

function endorsementBytes(publicKey: string): Buffer {
  return Buffer.from(`gatewatch-checkpoint-key-v1\n${publicKey}`)
}

function canonical(value: object): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('value has no canonical JSON form')
  return text
}

function verified(bytes: Buffer, publicKey: string, signature: string): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  return verify(null, bytes, key, Buffer.from(signature, 'base64url'))
}
