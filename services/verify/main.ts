import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import { within } from '../runtime/within.ts'
import { openAlerts } from './alerts.ts'
import { openTrust } from './checkpoints/trust.ts'
import type { VerifyConfig } from './config.ts'
import { openFresh } from './fresh.ts'
import { openExpiry } from './expiry.ts'
import { verifyMetrics } from './metrics.ts'
import { readProgress, writeProgress } from './progress.ts'
import { MOST_LISTED, type Problem } from './report.ts'
import { isTooMuch, runVerify } from './run-verify.ts'

/** One step of the round over everything, and the least that it is cut to where it holds more than one run takes. */
const SWEEP_STEP_MS = 86_400_000
const LEAST_STEP_MS = 60_000
const PATIENCE_MS = 30_000
const STOP_PATIENCE_MS = 1_000

export interface VerifyExtras {
  readonly endpoint: ClickHouseEndpoint
  readonly tenant: string
  readonly checkpoint_paths: readonly string[]
  /**
   * How long the store keeps decisions by our configuration; what was recorded before that may be gone. Not asked of
   * the store, whose owner could shorten it to hide a deletion.
   */
  readonly retention_ms: number
  /** Trust an enforcement point's first key, when none are configured: others sign than this data directory. */
  readonly pin_first: boolean
  /** Stretches of one step of the round: above it the step is halved. Default 300,000. */
  readonly most_stretches?: number | undefined
}

/**
 * Verifies without an end: what is new, some minutes after it was decided, and
 * beside that all that is stored, once a day, since it is old rows that somebody
 * would rather were different. It takes no more than its share of the time, and
 * a store that is away only delays it.
 */
export async function startVerify(
  runtime: Runtime,
  config: VerifyConfig,
  { endpoint, tenant, checkpoint_paths, retention_ms, pin_first, most_stretches }: VerifyExtras,
): Promise<Running> {
  const { eventLog, dataDir } = runtime
  const logger = runtime.logger.child({ service: 'verify' })
  const metrics = verifyMetrics(runtime.metrics)
  const client = openClickHouse(endpoint)
  const stopping = new AbortController()
  const { signal } = stopping
  const trust = await openTrust({ dataDir, configured: config.trusted_keys, pin_first, now: Date.now })
  const alerts = await openAlerts(eventLog, tenant, Date.now)
  const before = await readProgress(eventLog, tenant)
  const expiry = await openExpiry(dataDir, retention_ms, Date.now(), { remember: true })
  const common = {
    eventLog,
    client,
    trust,
    checkpoint_paths,
    expiry,
    slice_rows: config.slice_rows,
    patience_ms: PATIENCE_MS,
  }
  const fresh = openFresh({ ...common, settle_ms: config.settle }, before?.verified_to ?? null, Date.now())
  let sweepTo = before?.sweep_to ?? null
  let sweepBegan = 0
  let sweepStep = SWEEP_STEP_MS
  /** How far everything is verified and told of; a process that begins after a crash goes on from here. */
  let verifiedTo = before?.verified_to ?? null
  /** What was found and could not be told yet, because the log did not take it. */
  let untold: Problem[] = []
  let undecided = 0
  let failing = false

  async function lookAtNew(): Promise<void> {
    const report = await fresh.look(Date.now(), signal)
    if (report !== null) {
      metrics.looked(report, 'fresh')
      undecided = report.undecided.length
      // A look is not repeated, and so what it found is kept until somebody can be told.
      untold = [...untold, ...report.problems].slice(0, MOST_LISTED)
    }
    await alerts.found(untold)
    untold = []
    verifiedTo = fresh.verified_to
    if (verifiedTo !== null) metrics.verified.set(Date.parse(verifiedTo) / 1000)
  }

  /** The oldest decision that is signed or stored: before it there is nothing to go over. */
  async function beginning(): Promise<number> {
    const result = await client.query({
      query: 'SELECT toUnixTimestamp64Milli(min(decided_at)) AS at FROM decisions HAVING count() > 0',
      format: 'JSONEachRow',
      clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
    })
    const [stored] = await result.json<{ at: number }>()
    const signed = fresh.oldest === null ? Date.now() : Date.parse(fresh.oldest)
    return Math.max(Date.now() - retention_ms, Math.min(signed, stored?.at ?? signed))
  }

  /** One step of the round; true while it has further to go. */
  async function sweep(): Promise<boolean> {
    const end = verifiedTo === null ? null : Date.parse(verifiedTo)
    if (end === null || (sweepTo === null && Date.now() - sweepBegan < config.sweep_every)) return false
    if (sweepTo === null) {
      sweepTo = new Date(await beginning()).toISOString()
      sweepBegan = Date.now()
      sweepStep = SWEEP_STEP_MS
      alerts.roundBegan()
    }
    const from = Date.parse(sweepTo)
    const to = Math.min(end, from + sweepStep)
    const asked = {
      ...common,
      from_ms: from,
      to_ms: to,
      pep: undefined,
      now_ms: Date.now(),
      most_stretches,
      signal,
    }
    const report = await runVerify(asked).catch((error: unknown) => {
      if (!isTooMuch(error) || sweepStep <= LEAST_STEP_MS) throw error
      return null
    })
    if (report === null) {
      sweepStep /= 2
      return true
    }
    metrics.looked(report, 'sweep')
    await alerts.found(report.problems)
    sweepStep = Math.min(SWEEP_STEP_MS, sweepStep * 2)
    if (to < end) {
      sweepTo = new Date(to).toISOString()
      return true
    }
    await alerts.roundEnded()
    metrics.swept.set(Date.now() / 1000)
    sweepTo = null
    return false
  }

  async function note(): Promise<void> {
    const counts = alerts.standing()
    metrics.standing(counts)
    const problems = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const at = new Date().toISOString()
    await writeProgress(eventLog, {
      tenant,
      at,
      verified_to: verifiedTo,
      sweep_to: sweepTo,
      problems,
      undecided,
    })
  }

  /** Runs a step, then rests as long as its share of the time asks for. */
  async function step(run: () => Promise<boolean | void>, atLeastMs: number): Promise<boolean> {
    const began = performance.now()
    let more = false
    try {
      more = (await run()) === true
      await note()
      failing = false
    } catch (error) {
      if (signal.aborted) return false
      metrics.failures.inc()
      if (!failing) logger.warn({ err: error }, 'stored decisions could not be verified; it is tried again')
      failing = true
    }
    const took = performance.now() - began
    await pause(Math.max(atLeastMs, took / config.duty - took), undefined, { signal }).catch(() => {})
    return more
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const next = performance.now() + config.every
      await step(lookAtNew, 0)
      while (!signal.aborted && performance.now() < next && (await step(sweep, 0)));
      await pause(Math.max(0, next - performance.now()), undefined, { signal }).catch(() => {})
    }
  }
  const running = run()
  logger.info('verification started')
  return {
    async stop() {
      stopping.abort(new Error('verification is being stopped'))
      await within(running, STOP_PATIENCE_MS)
      // Ends the query under way too: a silent store would hold it for two minutes.
      await client.close()
      await running
    },
  }
}
