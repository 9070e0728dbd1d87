import { availableParallelism } from 'node:os'
import pino from 'pino'
import { Registry } from 'prom-client'
import { accessDecisions } from '../../../schemas/topics.ts'
import { cpuSeconds, type BenchOptions, type BenchResult } from '../../runtime/bench-result.ts'
import { openEmbeddedLog } from '../../runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { compareReplay } from '../compare-replay.ts'
import { ScoringConfig } from '../config.ts'
import { openEnrich, scoringStages, startScoring } from '../main.ts'
import { StoredEnrichment } from '../replay/stored-enrichment.ts'
import { recordsOf } from './in-memory.ts'

const DECISIONS = 120_000
const SUBJECTS = 5_000
const APPEND = 2000
/** Decisions a second that the closed loop is built and measured for: how fast the range would have come about. */
const LIVE_PER_SECOND = 500

/**
 * `gatewatch bench replay`: a range is scored live, by all stages and as fast as
 * they can, and then replayed and compared. `ratio_to_live`: how many times
 * sooner it is over than the range took at 500 decisions a second, by the clock.
 * `ratio_to_flat_out`: the same against the live stages without a pause, by
 * processor time: what a replay saves is commits, and what it adds is the
 * comparison.
 */
export async function benchReplay({ directory, scale, progress }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  const count = Math.ceil(DECISIONS * scale)
  const config = ScoringConfig.parse({})
  const eventLog = await openEmbeddedLog({ directory })
  try {
    await fill(eventLog, count)
    const live = await timed(() => scoreAll(eventLog, directory, config))
    const enrich = await openEnrich(config)
    let done = 0
    const replayed = await timed(async () => {
      const stored = new StoredEnrichment(eventLog, enrich)
      return compareReplay(
        eventLog,
        scoringStages(stored.enrich, config),
        {},
        {
          stored,
          progress: (records) =>
            progress?.('replaying', 'records', Math.min(count, (done += records)), count),
        },
      )
    })
    const { same, other, missing, surplus } = replayed.result
    return {
      name: 'replay',
      figures: {
        decisions_per_second: Math.round(count / replayed.seconds),
        ratio_to_live: round(count / LIVE_PER_SECOND / replayed.seconds),
        ratio_to_flat_out: round(live.cpu / replayed.cpu),
        cpu_us_per_decision: Math.round((replayed.cpu / count) * 1e6),
        live_cpu_us_per_decision: Math.round((live.cpu / count) * 1e6),
        findings_same: same,
        findings_otherwise: other.length + missing.length + surplus.length,
      },
      cores: availableParallelism(),
      seconds: Math.round(performance.now() - began) / 1000,
    }
  } finally {
    await eventLog.close()
  }
}

async function fill(eventLog: EventLog, count: number): Promise<void> {
  const records = recordsOf(count, SUBJECTS)
  for (let first = 0; first < count; first += APPEND)
    await eventLog.append(
      records.slice(first, first + APPEND).map(({ key, value, offset }) => ({
        topic: accessDecisions,
        key,
        value,
        // As a gateway names it.
        headers: { ce_id: `3f2e2eb75835bd64-${offset}`, 'content-type': 'application/json' },
      })),
    )
}

async function scoreAll(eventLog: EventLog, dataDir: string, config: ScoringConfig): Promise<void> {
  const logger = pino({ level: 'silent' })
  const scoring = await startScoring({ eventLog, logger, metrics: new Registry(), dataDir }, config)
  await scoring.drained()
  await scoring.stop()
}

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; seconds: number; cpu: number }> {
  const [began, cpu] = [performance.now(), cpuSeconds()]
  const result = await run()
  return { result, seconds: (performance.now() - began) / 1000, cpu: cpuSeconds() - cpu }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
