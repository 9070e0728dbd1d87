import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { GENESIS } from '../../../schemas/chain.ts'
import { checkpointHash, signCheckpoint, type Checkpoint } from '../../../schemas/checkpoint.ts'
import { integrityCheckpoints } from '../../../schemas/topics.ts'
import type { EventLog } from '../log/event-log.ts'
import { jsonRecord } from '../log/json-record.ts'
import { within } from '../within.ts'
import type { CheckpointSigner } from './signer.ts'

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 10_000
/** How long a stop waits for a log that does not answer, unless told; the next boot pins what is left over. */
const STOP_WITHIN_MS = 2000

/** A link of a chain, as far as a checkpoint says something about it. */
export interface CheckpointLink {
  readonly seq: number
  readonly hash: string
  readonly decided_at: string
}

export interface Checkpointer {
  /** Takes note of links that the log holds by now, in the order of the chain. Waits for nothing, never throws. */
  logged(links: readonly CheckpointLink[]): void
  /**
   * Signs what is left and waits a little for the log to have it. `whole`:
   * nothing can follow any more, so it is signed as the end of the boot. Asked twice: the first time counts.
   */
  stop(whole: boolean): Promise<void>
}

export interface CheckpointerOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly signer: CheckpointSigner
  readonly tenant: string
  readonly pep_id: string
  readonly boot_id: string
  /** Where the boot links to. */
  readonly previous_boot: { readonly boot_id: string; readonly seq: number; readonly hash: string } | null
  readonly now: () => number
  readonly stop_within_ms?: number
}

interface Stretch {
  readonly seq_from: number
  readonly prev_hash: string
  seq_to: number
  hash: string
  decided_from: string | null
  decided_to: string | null
}

/**
 * Signs a chain as it grows, in three steps: sign, keep in the file, append to
 * the log. Only what the log holds is signed, so that who reads a checkpoint in
 * the log finds its decisions before it. While the log does not take one, no
 * other is signed: the next then covers more, and nothing piles up. One that
 * was kept in the file and never reached the log is appended at the next start.
 */
export async function startCheckpointer(options: CheckpointerOptions): Promise<Checkpointer> {
  const { eventLog, logger, signer, previous_boot, now } = options
  const file = await signer.openFile(options.pep_id)
  const waiting: Checkpoint[] = file.last === null ? [] : [file.last]
  let last = file.last
  // Imports count their boots, and one that was killed before it wrote anything begins the same boot again:
  // a second number 0 of it would look as if a copy signed as well.
  const again = last?.boot_id === options.boot_id ? last : null
  let number = again === null ? 0 : again.number + 1
  let stretch =
    again === null
      ? emptyStretch(0, previous_boot?.hash ?? GENESIS)
      : emptyStretch(again.seq_to + 1, again.hash)
  let publishing: Promise<void> | null = null
  let failing = false
  let stopped = false
  const stopping = new AbortController()

  function sign(state: Checkpoint['state']): Checkpoint {
    const checkpoint = signCheckpoint(
      {
        schema_version: 1,
        tenant: options.tenant,
        pep_id: options.pep_id,
        boot_id: options.boot_id,
        number,
        state,
        ...stretch,
        count: stretch.seq_to - stretch.seq_from + 1,
        signed_at: new Date(now()).toISOString(),
        previous: last === null ? null : checkpointHash(last),
        previous_boot: number === 0 ? previous_boot : null,
      },
      signer.key,
    )
    number += 1
    last = checkpoint
    stretch = emptyStretch(checkpoint.seq_to + 1, checkpoint.hash)
    return checkpoint
  }

  async function keep(state: Checkpoint['state']): Promise<void> {
    const checkpoint = sign(state)
    waiting.push(checkpoint)
    try {
      await file.append(checkpoint)
    } catch (error) {
      logger.error({ err: error }, 'a checkpoint could not be kept in its file; the log has it alone')
    }
  }

  async function publish(): Promise<void> {
    for (let wait = RETRY_MIN_MS; ; wait = Math.min(2 * wait, RETRY_MAX_MS)) {
      const [next] = waiting
      if (next === undefined) return
      try {
        await eventLog.append([jsonRecord(integrityCheckpoints, next)])
        waiting.shift()
        failing = false
        wait = RETRY_MIN_MS
      } catch (error) {
        if (!failing) logger.warn({ err: error }, 'a checkpoint waits for the event log')
        failing = true
        await pause(wait, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
        if (stopping.signal.aborted) return
      }
    }
  }

  /** Runs alone; whoever asks meanwhile gets what is under way. */
  function turn(state: Checkpoint['state'] | null): Promise<void> {
    publishing ??= (state === null ? Promise.resolve() : keep(state)).then(publish).finally(() => {
      publishing = null
      // What came meanwhile may be enough for the next.
      if (!stopped) signIfDue()
    })
    return publishing
  }

  function signIfDue(): void {
    if (publishing === null && stretch.seq_to - stretch.seq_from + 1 >= signer.decisions) void turn('open')
  }

  const isEmpty = () => stretch.seq_to < stretch.seq_from
  await keep('open')
  void turn(null)
  const timer = setInterval(() => {
    if (publishing === null && !isEmpty()) void turn('open')
  }, signer.every_ms)
  timer.unref()

  return {
    logged(links) {
      for (const { seq, hash, decided_at } of links) {
        stretch.seq_to = seq
        stretch.hash = hash
        if (stretch.decided_from === null || decided_at < stretch.decided_from)
          stretch.decided_from = decided_at
        if (stretch.decided_to === null || decided_at > stretch.decided_to) stretch.decided_to = decided_at
      }
      signIfDue()
    },
    async stop(whole) {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      const end = whole ? 'final' : 'open'
      const published = (publishing ?? Promise.resolve()).then(() => turn(end))
      await within(published, options.stop_within_ms ?? STOP_WITHIN_MS)
      stopping.abort()
    },
  }
}

function emptyStretch(seq_from: number, hash: string): Stretch {
  return { seq_from, prev_hash: hash, seq_to: seq_from - 1, hash, decided_from: null, decided_to: null }
}
