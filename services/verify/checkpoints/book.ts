import { checkpointHash, keyIdOf, type Checkpoint } from '../../../schemas/checkpoint.ts'
import { ReportWriter, type Problem } from '../report.ts'
import type { Stretch } from '../rows/stretch.ts'

export interface BookBounds {
  /** Hashes of the newest checkpoints, so that a copy can be told from a second one of its number: some 60 bytes each. */
  readonly most_remembered: number
  /** Boots, the first that were seen: some 500 bytes each. */
  readonly most_boots: number
}
const BOUNDS: BookBounds = { most_remembered: 500_000, most_boots: 200_000 }
/** Decisions are numbered in nearly the order of their times: requests that began together may differ by this much. */
const SLACK_MS = 600_000
const DAY_MS = 86_400_000
/** The log keeps them for 400 days; what was signed before this may be gone from it, and from files that were tidied. */
export const CHECKPOINTS_KEPT_MS = 390 * DAY_MS

/** A boot, as far as its checkpoints tell. */
export interface KnownBoot {
  /** Where they begin: above 0 where its first are older than checkpoints are kept. */
  readonly covered_from: number
  /** Everything up to this number lies in a stretch. */
  readonly covered_to: number
  /** The number that it ended at; null while it may go on. */
  readonly ended_at: number | null
}

interface Boot {
  readonly covered_from: number
  next_number: number
  covered_to: number
  hash: string
  last: string
  decided_to: string
  /** When the newest was signed. */
  signed_at: string
  ended: { seq: number; hash: string } | null
  /** Highest number that a later boot pins. */
  pinned_to: number
  previous_boot: Checkpoint['previous_boot'] | undefined
}

/**
 * Reads checkpoints in their order and keeps what is needed to say whether one
 * is missing, forged or told twice: constant room a boot, none a checkpoint but
 * eight bytes of its hash. A copy of one that is known changes nothing, so the
 * same checkpoints may come from files and from the log. What finds no room is
 * put aside as not compared: it is no sign of anything.
 */
export class CheckpointBook {
  readonly problems: Problem[] = []
  /** What could not be told for want of room; whoever has told it puts a new one in its place. */
  aside = new ReportWriter()
  readonly #bounds: BookBounds
  readonly #boots = new Map<string, Boot>()
  readonly #seen = new Set<string>()
  /** Checkpoints signed before this are the edge of what is kept: what lies before them is gone by right. */
  readonly edge: string
  #last_signed: string | null = null
  #forgot = false

  constructor(edge: string, bounds: BookBounds = BOUNDS) {
    this.edge = edge
    this.#bounds = bounds
  }

  /** When the newest checkpoint was signed. */
  get last_signed_at(): string | null {
    return this.#last_signed
  }

  /** Null: no checkpoint tells of it. `no_room`: whether one does is not known. */
  boot(pepId: string, bootId: string): KnownBoot | 'no_room' | null {
    const boot = this.#boots.get(keyOf(pepId, bootId))
    if (!boot) return this.#boots.size < this.#bounds.most_boots ? null : 'no_room'
    return {
      covered_from: boot.covered_from,
      covered_to: Math.max(boot.covered_to, boot.pinned_to),
      ended_at: boot.ended === null ? null : Math.max(boot.ended.seq, boot.covered_to),
    }
  }

  /** Takes a checkpoint whose signature is trusted. Returns the stretches that are pinned by it. */
  take(checkpoint: Checkpoint): Stretch[] {
    const name = checkpointHash(checkpoint)
    if (this.#seen.has(short(name))) return []
    const key = keyOf(checkpoint.pep_id, checkpoint.boot_id)
    const stretches: Stretch[] = []
    let boot = this.#boots.get(key)
    if (boot && checkpoint.number < boot.next_number) {
      // As good as always a copy, of a file or the log, of one that was compared when it came.
      if (this.#forgot) this.#putAside(checkpoint, 0)
      else
        this.#tell(
          checkpoint,
          `two different checkpoints bear number ${checkpoint.number}: a copy of its state signs as well, or signed before`,
        )
      return []
    }
    if (!boot && this.#boots.size >= this.#bounds.most_boots) {
      this.#putAside(checkpoint, Math.max(0, checkpoint.seq_to - checkpoint.seq_from + 1))
      return []
    }
    if (!boot) {
      boot = this.#begin(checkpoint)
      this.#boots.set(key, boot)
    } else if (checkpoint.number > boot.next_number) {
      this.#tell(checkpoint, `${missingNumbers(boot.next_number, checkpoint.number - 1)} missing`)
    } else if (checkpoint.previous !== boot.last || checkpoint.seq_from !== boot.covered_to + 1) {
      this.#tell(checkpoint, `number ${checkpoint.number} does not follow the one before it`)
    }
    if (checkpoint.seq_from > boot.covered_to + 1) {
      // What lies between is pinned all the same: by the hash that this one begins with.
      stretches.push(between(checkpoint, boot, checkpoint.seq_from - 1, checkpoint.prev_hash))
    } else if (checkpoint.seq_from === boot.covered_to + 1 && checkpoint.prev_hash !== boot.hash)
      this.#tell(
        checkpoint,
        `number ${checkpoint.number} begins with another hash than the one before it ends with`,
      )
    stretches.push(...this.#advance(boot, checkpoint, name))
    if (checkpoint.previous_boot !== null)
      stretches.push(...this.#close(checkpoint, checkpoint.previous_boot))
    return stretches
  }

  /** Notes a checkpoint that can't be believed; it pins nothing. */
  refuse(checkpoint: Checkpoint, why: 'forged' | 'unknown_key'): void {
    const key = keyIdOf(checkpoint.public_key)
    this.#tell(
      checkpoint,
      why === 'forged'
        ? `number ${checkpoint.number} does not bear the signature of key ${key}, which it names`
        : `number ${checkpoint.number} is signed with key ${key}, which no trusted key vouches for`,
    )
  }

  #begin(checkpoint: Checkpoint): Boot {
    const { number, previous, signed_at, seq_from, prev_hash } = checkpoint
    const kept = signed_at >= this.edge
    if (number > 0 && kept) this.#tell(checkpoint, `${missingNumbers(0, number - 1)} missing`)
    else if (previous !== null && kept && !this.#seen.has(short(previous)) && !this.#forgot)
      this.#tell(checkpoint, 'the checkpoint before this boot is missing')
    const covered_from = number === 0 || !kept ? seq_from : 0
    return {
      covered_from,
      next_number: number,
      covered_to: covered_from - 1,
      hash: prev_hash,
      last: '',
      decided_to: signed_at,
      // The first covers nothing; one before another that lacks may have been signed much earlier.
      signed_at: number === 0 ? signed_at : earlier(signed_at, DAY_MS),
      ended: null,
      pinned_to: -1,
      previous_boot: number === 0 ? checkpoint.previous_boot : undefined,
    }
  }

  #advance(boot: Boot, checkpoint: Checkpoint, name: string): Stretch[] {
    const { number, seq_from, seq_to, hash, decided_from, decided_to, signed_at } = checkpoint
    const recorded_from = recordedFrom(boot, decided_from, signed_at)
    boot.next_number = number + 1
    boot.covered_to = seq_to
    boot.hash = hash
    boot.last = name
    boot.decided_to = decided_to ?? boot.decided_to
    boot.signed_at = signed_at
    boot.ended = checkpoint.state === 'final' ? { seq: seq_to, hash } : null
    this.#remember(short(name))
    if (this.#last_signed === null || signed_at > this.#last_signed) this.#last_signed = signed_at
    if (seq_to < seq_from || decided_from === null || decided_to === null) return []
    const { pep_id, boot_id, prev_hash } = checkpoint
    const place = { pep_id, boot_id, seq_from, seq_to, prev_hash, hash, decided_from, decided_to }
    const previous_boot = seq_from === 0 ? boot.previous_boot : undefined
    return [{ ...place, signed_at, recorded_from, previous_boot, derived: false }]
  }

  /** The boot before is over: its first later boot says where it ended, and so pins what no checkpoint of its own did. */
  #close(by: Checkpoint, end: NonNullable<Checkpoint['previous_boot']>): Stretch[] {
    const boot = this.#boots.get(keyOf(by.pep_id, end.boot_id))
    if (!boot) return []
    if (end.seq < boot.covered_to) {
      this.#tell(
        by,
        `it says that boot ${end.boot_id} ended at ${end.seq}, and a checkpoint was signed up to ${boot.covered_to}`,
      )
      return []
    }
    boot.ended ??= { seq: end.seq, hash: end.hash }
    if (end.seq === boot.covered_to) return []
    boot.pinned_to = end.seq
    return [between({ ...by, boot_id: end.boot_id }, boot, end.seq, end.hash)]
  }

  #remember(name: string): void {
    this.#seen.add(name)
    if (this.#seen.size <= this.#bounds.most_remembered) return
    this.#forgot = true
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      return
    }
  }

  #putAside(
    { pep_id, boot_id, seq_from, seq_to, decided_from, signed_at }: Checkpoint,
    decisions: number,
  ): void {
    const place = { pep_id, boot_id, seq_from, seq_to: Math.max(seq_to, seq_from) }
    this.aside.unsure({ reason: 'no_room', ...place, decisions, after: decided_from, before: signed_at })
  }

  #tell({ pep_id, boot_id, seq_from, seq_to, signed_at }: Checkpoint, detail: string): void {
    if (this.problems.length >= 1000) return
    const place = { pep_id, boot_id, seq_from, seq_to: Math.max(seq_to, seq_from), decision_id: null }
    this.problems.push({ kind: 'checkpoint', ...place, after: null, before: signed_at, detail })
  }
}

/** Numbers after what a boot's checkpoints cover, pinned by a hash that another checkpoint signs. */
function between(
  by: Pick<Checkpoint, 'pep_id' | 'boot_id' | 'signed_at'>,
  boot: Boot,
  seq_to: number,
  hash: string,
): Stretch {
  return {
    pep_id: by.pep_id,
    boot_id: by.boot_id,
    seq_from: boot.covered_to + 1,
    seq_to,
    prev_hash: boot.hash,
    hash,
    decided_from: earlier(boot.decided_to, SLACK_MS),
    decided_to: earlier(by.signed_at, -SLACK_MS),
    signed_at: by.signed_at,
    recorded_from: recordedFrom(boot, null, by.signed_at),
    previous_boot: boot.covered_to === -1 ? boot.previous_boot : undefined,
    derived: true,
  }
}

/** What is recorded was decided before; and after the checkpoint before it was signed, which covers all that was recorded by then. */
function recordedFrom(boot: Pick<Boot, 'signed_at'>, decidedFrom: string | null, signedAt: string): string {
  const latest = decidedFrom !== null && decidedFrom > boot.signed_at ? decidedFrom : boot.signed_at
  return latest < signedAt ? latest : signedAt
}

function earlier(instant: string, ms: number): string {
  return new Date(Date.parse(instant) - ms).toISOString()
}

function missingNumbers(from: number, to: number): string {
  return from === to
    ? `the checkpoint with number ${from} is`
    : `the checkpoints with numbers ${from} to ${to} are`
}

function keyOf(pepId: string, bootId: string): string {
  return `${pepId}\n${bootId}`
}

function short(hash: string): string {
  return hash.slice(0, 16)
}
