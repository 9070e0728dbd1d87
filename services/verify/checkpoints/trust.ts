import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isEndorsed, isSigned, type Checkpoint } from '../../../schemas/checkpoint.ts'
import { readKnownKeys } from '../../runtime/checkpoints/signing-key.ts'

const Pin = z.strictObject({ pep_id: z.string(), public_key: z.string(), since: z.string() })
const MOST_PINS = 100_000

export type Trusted = 'yes' | 'forged' | 'unknown_key'

/** Which keys may sign for whom. */
export interface Trust {
  /** Checks the signature, and the key behind it. What is trusted for the first time is kept by `save`. */
  check(checkpoint: Checkpoint): Trusted
  /** Writes down what was trusted for the first time since. */
  save(): Promise<void>
}

export interface TrustOptions {
  readonly dataDir: string
  /** Public keys that may sign for any enforcement point. */
  readonly configured: readonly string[]
  /** Trust the first key that an enforcement point is seen with, when none are configured. */
  readonly pin_first: boolean
  readonly now: () => number
}

/**
 * Trusted are: the keys of this data directory, the keys that the configuration
 * names, and, where it names none and `pin_first` allows it, the first key that
 * an enforcement point was seen with, which is then pinned (as ssh does with hosts). A key that a trusted
 * one vouches for is trusted for the same enforcement point, so that keys can change.
 */
export async function openTrust({ dataDir, configured, pin_first, now }: TrustOptions): Promise<Trust> {
  const everywhere = new Set(configured)
  for (const { public_key } of await readKnownKeys(dataDir)) everywhere.add(public_key)
  const path = join(dataDir, 'verify', 'pins.jsonl')
  const pins = new Map<string, Set<string>>()
  const unsaved: z.infer<typeof Pin>[] = []
  for (const { pep_id, public_key } of await readPins(path)) pinned(pins, pep_id).add(public_key)

  function pin(pep_id: string, public_key: string): void {
    if (pins.size >= MOST_PINS && !pins.has(pep_id)) return
    pinned(pins, pep_id).add(public_key)
    unsaved.push({ pep_id, public_key, since: new Date(now()).toISOString() })
  }

  function isTrusted(pep_id: string, key: string): boolean {
    return everywhere.has(key) || (pins.get(pep_id)?.has(key) ?? false)
  }

  function isVouchedFor({ pep_id, public_key, endorsements }: Checkpoint): boolean {
    let of = public_key
    for (const endorsement of endorsements) {
      if (endorsement.of !== of || !isEndorsed(endorsement)) return false
      if (isTrusted(pep_id, endorsement.by)) return true
      of = endorsement.by
    }
    return false
  }

  return {
    check(checkpoint) {
      const { pep_id, public_key } = checkpoint
      if (!isSigned(checkpoint)) return 'forged'
      if (isTrusted(pep_id, public_key)) return 'yes'
      const first = pin_first && configured.length === 0 && !pins.has(pep_id)
      if (!first && !isVouchedFor(checkpoint)) return 'unknown_key'
      pin(pep_id, public_key)
      return 'yes'
    },
    async save() {
      // Each begins a line: a crash may have left half of one, which must not take another along.
      const lines = unsaved.map((one) => `\n${JSON.stringify(one)}\n`)
      if (lines.length === 0) return
      await mkdir(join(dataDir, 'verify'), { recursive: true, mode: 0o700 })
      await appendFile(path, lines.join(''), { mode: 0o600, flush: true })
      unsaved.splice(0, lines.length)
    },
  }
}

function pinned(pins: Map<string, Set<string>>, pepId: string): Set<string> {
  let keys = pins.get(pepId)
  if (!keys) pins.set(pepId, (keys = new Set()))
  return keys
}

async function readPins(path: string): Promise<z.infer<typeof Pin>[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap((line) => {
    try {
      return Pin.parse(JSON.parse(line))
    } catch {
      return []
    }
  })
}
