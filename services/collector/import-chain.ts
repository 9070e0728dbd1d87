import { hash, randomFillSync } from 'node:crypto'
import { z } from 'zod'
import { chainHash, GENESIS, personalHash } from '../../schemas/chain.ts'
import type { Decision } from '../../schemas/decision.ts'
import { collectorImports } from '../../schemas/topics.ts'
import type { CheckpointLink } from '../runtime/checkpoints/checkpointer.ts'
import type { EventLog, OutRecord } from '../runtime/log/event-log.ts'

/** The end of a source's chain, kept beside the imported ids. */
const Head = z.strictObject({ boot: z.int().min(1), seq: z.int().min(0), hash: z.string().length(64) })
type Head = z.infer<typeof Head>

const SALT_BYTES = 16

export interface ImportChain {
  readonly pep_id: string
  /** `b1` for the first import of the source, then one more each time. */
  readonly boot_id: string
  /** The end of the import before, which this one follows. */
  readonly previous_boot: { readonly boot_id: string; readonly seq: number; readonly hash: string } | null
  /** Numbers the decision and links it to the one before it. Changes the decision in place. */
  link(decision: Decision): void
  /** The record that makes the end of the chain durable; none when nothing was linked. */
  head(): readonly OutRecord[]
  /** What was linked since the last call. */
  takeLinks(): CheckpointLink[]
}

/** The enforcement point that a source of this name is, imported into a tenant. */
export function importedPep(tenant: string, kind: string, sourceName: string): string {
  return `import:${hash('sha256', `${tenant}\0${kind}\0${sourceName}`, 'hex').slice(0, 16)}`
}

/**
 * Imported decisions are numbered and chained like a gateway's own (DESIGN,
 * section 6): the source is the enforcement point `pepId`, an import (or a start of
 * the live collector) is its boot, and
 * the first record of a boot names the last of the boot before. What the log
 * holds of an import can't lose or change a record unseen from then on.
 */
export async function openImportChain(
  eventLog: EventLog,
  tenant: string,
  kind: string,
  pepId: string,
): Promise<ImportChain> {
  const key = `${tenant}/head/${pepId}`
  const before = await readHead(eventLog, key)
  const bootId = `b${(before?.boot ?? 0) + 1}`
  const salts = Buffer.alloc(SALT_BYTES * 256)
  let nextSalt = salts.length
  let seq = -1
  let last = before?.hash ?? GENESIS
  let links: CheckpointLink[] = []

  const salt = (): string => {
    // One call to the kernel for 256 salts: a call each took longer than the hash.
    if (nextSalt === salts.length) {
      randomFillSync(salts)
      nextSalt = 0
    }
    nextSalt += SALT_BYTES
    return salts.toString('hex', nextSalt - SALT_BYTES, nextSalt)
  }

  return {
    pep_id: pepId,
    boot_id: bootId,
    previous_boot:
      before === null ? null : { boot_id: `b${before.boot}`, seq: before.seq, hash: before.hash },
    takeLinks() {
      const taken = links
      links = []
      return taken
    },
    link(decision) {
      seq += 1
      decision.pep = { id: pepId, kind, boot_id: bootId, seq }
      const mine = salt()
      const personal = personalHash(decision, mine)
      const hashed = chainHash(last, decision, personal)
      decision.chain = { prev: last, salt: mine, personal_hash: personal, hash: hashed }
      if (seq === 0 && before !== null) {
        decision.chain.prev_boot = { boot_id: `b${before.boot}`, seq: before.seq }
      }
      last = hashed
      links.push({ seq, hash: hashed, decided_at: decision.decided_at })
    },
    head() {
      if (seq < 0) return []
      const value: Head = { boot: (before?.boot ?? 0) + 1, seq, hash: last }
      return [{ topic: collectorImports, key, value: JSON.stringify(value) }]
    },
  }
}

async function readHead(eventLog: EventLog, key: string): Promise<Head | null> {
  const table = await eventLog.openTable(collectorImports)
  try {
    const bytes = table.get(key)
    if (bytes === undefined) return null
    return Head.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } finally {
    await table.close()
  }
}
