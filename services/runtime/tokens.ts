import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What a token may be used for. `admin` includes every other scope. */
export const Scope = z.enum(['analyst', 'risk-feed', 'decision-point', 'collector', 'admin'])
export type Scope = z.infer<typeof Scope>

const StoredToken = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string().min(1).max(128),
  scopes: z.array(Scope).min(1).max(8),
  /** SHA-256 of the token. It has 256 random bits, so no slow hash is needed. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created_at: z.string().max(32),
  expires_at: z.string().max(32).nullable(),
})
type StoredToken = z.infer<typeof StoredToken>

export interface TokenHolder {
  readonly name: string
  readonly scopes: readonly Scope[]
}

export type TokenInfo = Omit<StoredToken, 'sha256'>

export interface Tokens {
  /** Makes a token; its text is returned this once and stored nowhere. Without `ttl_days` it never expires. */
  create(token: { name: string; scopes: readonly Scope[]; ttl_days?: number }): Promise<string>
  /** Whose token this is, or null for one that is unknown, expired or revoked. */
  verify(token: string): TokenHolder | null
  list(): Promise<TokenInfo[]>
  /** False when there is no such token. */
  revoke(id: string): Promise<boolean>
}

const TOKEN = /^gw_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/

/**
 * Opens the tokens of a data directory: one file each under `tokens/`, mode
 * 0600, holding the SHA-256. One file a token needs no lock between processes,
 * and a running server honours a token, or its revocation, at the next request.
 */
export async function openTokens(dataDir: string, now: () => number = Date.now): Promise<Tokens> {
  const directory = join(dataDir, 'tokens')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const cache = new Map<string, { readonly stamp: string; readonly token: StoredToken | null }>()

  /** Reads a token's file, or remembers it while the file is unchanged. */
  function read(id: string): StoredToken | null {
    const path = join(directory, `${id}.json`)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat) {
      cache.delete(id)
      return null
    }
    const stamp = `${stat.ino}/${stat.mtimeMs}/${stat.size}`
    const known = cache.get(id)
    if (known?.stamp === stamp) return known.token
    const token = parseStored(readFileSync(path, 'utf8'))
    if (cache.size >= 1000) cache.clear()
    cache.set(id, { stamp, token })
    return token
  }

  return {
    async create({ name, scopes, ttl_days }) {
      const id = randomBytes(8).toString('hex')
      const text = `gw_${id}_${randomBytes(32).toString('base64url')}`
      const stored = StoredToken.parse({
        id,
        name,
        scopes,
        sha256: sha256(text).toString('hex'),
        created_at: new Date(now()).toISOString(),
        expires_at: ttl_days === undefined ? null : new Date(now() + ttl_days * 86_400_000).toISOString(),
      })
      const path = join(directory, `${id}.json`)
      const file = await open(`${path}.new`, 'wx', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(stored)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(`${path}.new`, path)
      return text
    },

    verify(text) {
      const id = TOKEN.exec(text)?.[1]
      const stored = id === undefined ? null : read(id)
      if (!stored || !timingSafeEqual(sha256(text), Buffer.from(stored.sha256, 'hex'))) return null
      if (stored.expires_at !== null && Date.parse(stored.expires_at) <= now()) return null
      return { name: stored.name, scopes: stored.scopes }
    },

    async list() {
      const tokens: TokenInfo[] = []
      for (const file of await readdir(directory)) {
        const id = /^([0-9a-f]{16})\.json$/.exec(file)?.[1]
        const stored = id === undefined ? null : read(id)
        if (!stored) continue
        const { sha256: _kept, ...info } = stored
        tokens.push(info)
      }
      return tokens.sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
    },

    async revoke(id) {
      if (!/^[0-9a-f]{16}$/.test(id) || !read(id)) return false
      await rm(join(directory, `${id}.json`), { force: true })
      cache.delete(id)
      return true
    },
  }
}

function parseStored(text: string): StoredToken | null {
  try {
    return StoredToken.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
