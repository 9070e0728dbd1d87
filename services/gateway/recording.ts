import { join } from 'node:path'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { startCheckpointer, type CheckpointLink } from '../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { ChainHead, PepIdentity } from './record/chain.ts'
import { openMarkFile } from './record/mark-file.ts'
import type { ChainMark } from './record/mark-file.ts'
import { findPreviousBoot } from './record/previous-boot.ts'
import { startRecorder } from './record/recorder.ts'
import type { Recorder } from './record/recorder.ts'
import { recordRestored } from './record/restored.ts'

/** How often the mark is told how far the log has grown: a boot reads the log from there. */
const OFFSETS_EVERY_MS = 5000

export interface Recording {
  readonly recorder: Recorder
  stop(): Promise<void>
}

/**
 * Begins a boot of the chain: finds the boot before, starts the recorder, and
 * keeps the mark file up after each flush. The mark's offsets lag by design:
 * they are taken before the link that they are kept with, so that this link is
 * always found behind them.
 */
export async function startRecording(
  runtime: Runtime,
  pep: PepIdentity,
  queue: number,
  metrics: GatewayMetrics,
  now: () => number,
  { signer, tenant }: { readonly signer: CheckpointSigner; readonly tenant: string },
): Promise<Recording> {
  const { eventLog, logger } = runtime
  const mark = await openMarkFile(
    join(runtime.dataDir, 'gateway', `${pep.id.replaceAll(/[^\w.-]/g, '_')}.mark`),
  )
  const previous = await findPreviousBoot(eventLog, pep.id, mark.found)
  metrics.lost.set(previous.lost)
  if (previous.lost > 0) {
    logger.error(
      { pep_id: pep.id, boot_id: previous.head?.boot_id, lost: previous.lost },
      'the log lost decisions that were recorded before the last stop; the chain shows the gap',
    )
  }
  let offsets = await endOffsets(eventLog)
  let failedMark = false

  async function keepMark(newest: ChainMark): Promise<void> {
    try {
      await mark.keep(newest)
      failedMark = false
    } catch (error) {
      if (!failedMark)
        logger.warn({ err: error }, 'the mark file cannot be written; check the data directory')
      failedMark = true
    }
  }
  const keep = (head: ChainHead) => {
    void keepMark({ ...head, offsets })
  }
  const recorder = startRecorder({
    eventLog,
    logger,
    pep,
    previous: previous.head,
    queue,
    now,
    flushed(head, decisions, duration_ms) {
      metrics.flush.observe(duration_ms / 1000)
      keep(head)
      checkpointer.logged(decisions.map(linkOf))
    },
    failed: () => metrics.appendFailures.inc(),
  })
  // Opened before the first decision can be taken: a boot that no checkpoint knows is somebody's invention.
  const checkpointer = await startCheckpointer({
    eventLog,
    logger,
    signer,
    tenant,
    pep_id: pep.id,
    boot_id: recorder.boot_id,
    previous_boot: previous.head,
    now,
  })
  await recordRestored(runtime.dataDir, recorder, { pep_id: pep.id, logger, now })

  let next: readonly number[] | null = null
  let nextFrom = -1
  async function noteEnds(): Promise<void> {
    try {
      const ends = await endOffsets(eventLog)
      // What was taken by now may lie before these ends; what is taken later can't.
      nextFrom = recorder.lastTaken()
      next = ends
    } catch {
      // The log says itself when it fails; older offsets only make the next start read more.
    }
  }
  const timer = setInterval(() => {
    // Ends noted a while ago become the mark's offsets once a later link lies behind them.
    if (next !== null && (recorder.durableHead()?.seq ?? -1) > nextFrom) {
      offsets = [...next]
      next = null
    }
    if (next !== null) return
    void noteEnds()
  }, OFFSETS_EVERY_MS)
  timer.unref()
  return {
    recorder,
    async stop() {
      clearInterval(timer)
      await recorder.stop()
      await checkpointer.stop(recorder.waiting === 0)
      await mark.close()
    },
  }
}

function linkOf({ decided_at, pep, chain }: Decision): CheckpointLink {
  return { seq: pep?.seq ?? 0, hash: chain?.hash ?? '', decided_at }
}

async function endOffsets(eventLog: Runtime['eventLog']): Promise<number[]> {
  const ends: number[] = []
  for (const { partition, high } of await eventLog.watermarks(accessDecisions)) ends[partition] = high
  return Array.from(ends, (end) => end ?? 0)
}
