import { startCheckpointer, type Checkpointer } from '../runtime/checkpoints/checkpointer.ts'
import type { CheckpointSigner } from '../runtime/checkpoints/signer.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { ChainHead, ChainLink, PepIdentity } from './record/chain.ts'
import { openReadBack } from './record/logged-ids.ts'
import type { MarkFile } from './record/mark-file.ts'
import { startRecorder } from './record/recorder.ts'
import type { Recorder } from './record/recorder.ts'
import { recordRestored } from './record/restored.ts'
import { takeUp } from './record/take-up.ts'
import { startSpoolAlarm } from './spool/alarm.ts'
import { SPOOL_AFTER_MS } from './spool/config.ts'
import type { SpoolConfig } from './spool/config.ts'
import type { SpoolMetrics } from './spool/metrics.ts'
import type { Spool, SpoolFindings } from './spool/spool.ts'
import { startWay } from './spool/way.ts'

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
 * takes up where the boot before ended, starts recorder, the way to the log,
 * alarm and checkpoints, and joins them.
 */
export async function beginBoot(
  runtime: Runtime,
  options: RecordingOptions,
  opened: Opened,
): Promise<Recording> {
  const { dataDir, eventLog, logger } = runtime
  const { pep, tenant, metrics, now } = options
  const { max_bytes, when_full, after } = options.spool
  const { spool, found, spooling, mark } = opened
  const before = await takeUp({ eventLog, logger, pep_id: pep.id, spool, found, mark, lost: metrics.lost })
  const { keeper } = before

  let checkpointer: Checkpointer | null = null
  let newestLogged: ChainHead | null = before.logged
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
  const delivery = startWay({
    eventLog,
    spool,
    spooling,
    logger,
    max_bytes,
    after_ms: after ?? SPOOL_AFTER_MS[options.remote_log ? 'remote' : 'local'],
    loggedHead: () => newestLogged,
    already: before.already,
    readBack: openReadBack(eventLog, () => keeper.offsets()),
    failed: () => metrics.appendFailures.inc(),
    logged,
    missing: (numbers) => recorder.missing(numbers),
    levelChanged(level) {
      alarm.changed(level)
      if (level !== 'full') recorder.relieved()
    },
  })
  const recorder = startRecorder({
    delivery,
    pep,
    previous: before.newest,
    queue: options.queue,
    serve_when_full: when_full === 'serve',
    now,
    flushed: (duration_ms) => metrics.flush.observe(duration_ms / 1000),
  })
  const alarm = startSpoolAlarm({
    eventLog,
    logger,
    tenant,
    pep_id: pep.id,
    boot_id: recorder.boot_id,
    when_full,
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
    previous_boot: before.newest,
    now,
  })
  const checkpoints = checkpointer
  delivery.begin()
  if (found.damaged > 0) {
    spooling.damaged.inc(found.damaged)
    logger.error(found, 'the spool that was left here can not be read as a whole; what can is recorded')
    recorder.missing([])
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
