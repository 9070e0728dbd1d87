import { startCheckpointer, type Checkpointer } from '../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { fromLog } from './log-at-start.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { ChainHead, ChainLink, PepIdentity } from './record/chain.ts'
import { loggedIds } from './record/logged-ids.ts'
import type { MarkFile } from './record/mark-file.ts'
import { endOffsets, markKeeper } from './record/mark-keeper.ts'
import { findPreviousBoot } from './record/previous-boot.ts'
import { startRecorder } from './record/recorder.ts'
import type { Recorder } from './record/recorder.ts'
import { recordRestored } from './record/restored.ts'
import { startSpoolAlarm } from './spool/alarm.ts'
import { SPOOL_AFTER_MS } from './spool/config.ts'
import type { SpoolConfig } from './spool/config.ts'
import { startDelivery } from './spool/delivery.ts'
import { startDrain } from './spool/drain.ts'
import { idOf, linkOfRecord } from './spool/link-of.ts'
import type { SpoolMetrics } from './spool/metrics.ts'
import type { Spool, SpoolFindings } from './spool/spool.ts'

export interface RecordingOptions {
  readonly pep: PepIdentity
  readonly tenant: string
  /** Decisions that may wait in memory. */
  readonly queue: number
  readonly spool: SpoolConfig
  /** The event log is reached over the network. */
  readonly remote_log: boolean
  readonly metrics: GatewayMetrics
  readonly signer: CheckpointSigner
  readonly now: () => number
}

export interface Recording {
  readonly recorder: Recorder
  /** The newest link of this boot that the log holds; null before the first. */
  loggedHead(): ChainHead | null
  /** Everything that was decided is in the log; false while decisions wait in the spool. */
  allLogged(): boolean
  /** What people should know of the spool now, in words; null while it is empty. */
  note(): string | null
  stop(): Promise<void>
}

/** What a boot begins with: the spool and the mark as the boot before left them. */
export interface Opened {
  readonly spool: Spool
  readonly found: SpoolFindings
  readonly spooling: SpoolMetrics
  readonly mark: MarkFile
}

/**
 * Begins a boot on what was opened, which is the caller's to close if it throws:
 * finds the last link of the boot before, starts recorder, delivery, drain,
 * alarm and checkpoints, and joins them.
 */
export async function beginBoot(
  runtime: Runtime,
  options: RecordingOptions,
  opened: Opened,
): Promise<Recording> {
  const { dataDir, eventLog, logger } = runtime
  const { pep, tenant, metrics, now } = options
  const { max_bytes } = options.spool
  const { spool, found, spooling, mark } = opened
  const after_ms = options.spool.after ?? SPOOL_AFTER_MS[options.remote_log ? 'remote' : 'local']
  const previous = await fromLog(findPreviousBoot(eventLog, pep.id, mark.found))
  metrics.lost.set(previous.lost)
  if (previous.lost > 0) {
    logger.error(
      { pep_id: pep.id, boot_id: previous.head?.boot_id, lost: previous.lost },
      'the log lost decisions that were recorded before the last stop; the chain shows the gap',
    )
  }
  // What the boot before appended and had not yet released lies behind its mark.
  const since = mark.found?.offsets ?? null
  const already = spool.empty ? new Set<string>() : await loggedIds(eventLog, pep.id, since)
  const { newest } = found
  const spooledHead = newest === null || already.has(idOf(newest)) ? null : linkOfRecord(newest)
  const keeper = markKeeper({
    eventLog,
    logger,
    mark,
    offsets: spool.empty || since === null ? await endOffsets(eventLog) : since,
  })

  let checkpointer: Checkpointer | null = null
  let newestLogged: ChainHead | null = previous.head
  let loggedHead: ChainHead | null = null
  function logged(links: readonly ChainLink[]): void {
    const last = links.at(-1)
    if (last === undefined) return
    newestLogged = last
    keeper.logged(last)
    const own = links.filter(({ boot_id }) => boot_id === recorder.boot_id)
    loggedHead = own.at(-1) ?? loggedHead
    if (own.length > 0) checkpointer?.logged(own)
  }
  function measure(): void {
    spooling.bytes.set(spool.bytes)
    spooling.waiting.set(spool.records)
    spooling.full.set(delivery.trouble() === 'spool_full' ? 1 : 0)
  }
  const failed = () => metrics.appendFailures.inc()
  const readBack = (ids: ReadonlySet<string>) => loggedIds(eventLog, pep.id, keeper.offsets(), ids)
  const drain = startDrain({
    eventLog,
    spool,
    logger,
    after_ms,
    loggedHead: () => newestLogged,
    already,
    readBack,
    failed,
    logged(links) {
      spooling.drained.inc(links.length)
      logged(links)
      delivery.measure()
      measure()
    },
    missing(numbers) {
      spooling.damaged.inc()
      for (const { first_seq, last_seq } of numbers) spooling.missing.inc(last_seq - first_seq + 1)
      logger.error(
        { missing: numbers },
        'decisions in the spool can not be read any more; the chain shows the gap',
      )
      recorder.missing(numbers)
    },
  })
  const delivery = startDelivery({
    eventLog,
    spool,
    drain,
    logger,
    max_bytes,
    after_ms,
    readBack,
    logged,
    failed,
    spooled(decisions) {
      spooling.spooled.inc(decisions)
      measure()
    },
    levelChanged(level) {
      measure()
      alarm.changed(level)
      if (level !== 'full') recorder.relieved()
    },
  })
  const recorder = startRecorder({
    delivery,
    pep,
    previous: spooledHead ?? previous.head,
    queue: options.queue,
    serve_when_full: options.spool.when_full === 'serve',
    now,
    flushed: (duration_ms) => metrics.flush.observe(duration_ms / 1000),
  })
  const alarm = startSpoolAlarm({
    eventLog,
    logger,
    tenant,
    pep_id: pep.id,
    boot_id: recorder.boot_id,
    when_full: options.spool.when_full,
    now,
    fill: () => ({ bytes: spool.bytes, max_bytes, waiting: spool.records }),
  })
  // Opened before the first decision can be taken: a boot that no checkpoint knows is somebody's invention.
  checkpointer = await startCheckpointer({
    eventLog,
    logger,
    signer: options.signer,
    tenant,
    pep_id: pep.id,
    boot_id: recorder.boot_id,
    previous_boot: spooledHead ?? previous.head,
    now,
  })
  const checkpoints = checkpointer
  spooling.maxBytes.set(max_bytes)
  delivery.measure()
  measure()
  if (found.damaged > 0) {
    spooling.damaged.inc(found.damaged)
    logger.error(found, 'the spool that was left here can not be read as a whole; what can is recorded')
    recorder.missing([])
  }
  if (!spool.empty) {
    logger.warn(
      { waiting: spool.records },
      'decisions of the boot before wait in the spool; they go to the log now',
    )
    drain.begin(null)
  }
  await recordRestored(dataDir, recorder, { pep_id: pep.id, logger, now })
  keeper.follow(recorder.boot_id, () => recorder.lastTaken())

  return {
    recorder,
    loggedHead: () => loggedHead,
    allLogged: () => delivery.allLogged,
    note() {
      if (spool.empty) return null
      const percent = Math.round((100 * spool.bytes) / max_bytes)
      return `${spool.records} decisions wait for the event log in the spool, ${percent} % of its bound`
    },
    async stop() {
      keeper.stop()
      const whole = await recorder.stop()
      await delivery.stop()
      await alarm.stop()
      await checkpoints.stop(whole && spool.empty)
      await mark.close()
    },
  }
}
