import { createPublicKey, hash, sign, verify } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { CaseFile } from './case-file.ts'
import type { CheckpointKey } from './checkpoint.ts'

type Unsealed = Omit<CaseFile, 'seal'>
type Seal = CaseFile['seal']

/** Signs what is in a case file, part by part, but not when it was made: the same case bears the same seal. */
export function sealCase(file: Unsealed, key: CheckpointKey): Seal {
  const parts = partsOf(file)
  const { public_key } = key
  return { parts, public_key, signature: sign(null, sealed(parts), key.privateKey).toString('base64url') }
}

/** Parts that are no longer what was sealed, by name; null: the seal itself does not bear its key's signature. */
export function brokenParts({ seal, ...file }: CaseFile): string[] | null {
  if (!isSigned(seal)) return null
  const now = partsOf(file)
  const names = new Set([...Object.keys(now), ...Object.keys(seal.parts)])
  return [...names].filter((name) => now[name] !== seal.parts[name]).toSorted()
}

function partsOf({ created_at: _when, ...file }: Unsealed): Record<string, string> {
  return Object.fromEntries(
    Object.entries(file).map(([name, part]) => [name, hash('sha256', canonical(part), 'hex')]),
  )
}

function isSigned({ parts, public_key, signature }: Seal): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: public_key }, format: 'jwk' })
    return verify(null, sealed(parts), key, Buffer.from(signature, 'base64url'))
  } catch {
    // No key at all.
    return false
  }
}

/** What is signed begins with its purpose, so that no signature serves another one. */
function sealed(parts: Seal['parts']): Buffer {
  return Buffer.from(`gatewatch-case-v1\n${canonical(parts)}`)
}

function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('value has no canonical JSON form')
  return text
}
