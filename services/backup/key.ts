import { createHmac, hkdfSync, scryptSync, timingSafeEqual } from 'node:crypto'
import canonicalize from 'canonicalize'
import { z } from 'zod'

/** How the key follows from the text of the key file: scrypt (RFC 7914), 32 MiB and some 0.1 s a guess. */
export const KeyDerivation = z.strictObject({
  algorithm: z.literal('scrypt'),
  /** Random for each backup, so that no two share a key. Hexadecimal. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  n: z.literal(32_768),
  r: z.literal(8),
  p: z.literal(1),
})
export type KeyDerivation = z.infer<typeof KeyDerivation>

/** Shorter ones could be guessed, whatever scrypt costs. */
export const MIN_KEY_CHARACTERS = 16

export interface BackupKey {
  /** The key of one file: each has its own, so that each may count its nonces from zero. */
  fileKey(path: string): Buffer
  /** Over the manifest without its `mac`, hexadecimal. */
  mac(manifest: object): string
  /** In constant time. */
  isMac(manifest: object, mac: string): boolean
}

/** Derives the keys of one backup; HKDF (RFC 5869) parts those of the files and of the manifest. */
export function deriveKey(text: string, { salt, n, r, p }: KeyDerivation): BackupKey {
  const master = scryptSync(text, Buffer.from(salt, 'hex'), 32, { N: n, r, p, maxmem: 64 * 1024 * 1024 })
  const derived = (info: string) => Buffer.from(hkdfSync('sha256', master, '', info, 32))
  const macKey = derived('gatewatch backup manifest')
  const macOf = (manifest: object) =>
    createHmac('sha256', macKey)
      .update(canonicalize(manifest) ?? '')
      .digest()
  return {
    fileKey: (path) => derived(`gatewatch backup file ${path}`),
    mac: (manifest) => macOf(manifest).toString('hex'),
    isMac(manifest, mac) {
      const given = Buffer.from(mac, 'hex')
      const right = macOf(manifest)
      return given.length === right.length && timingSafeEqual(given, right)
    },
  }
}
