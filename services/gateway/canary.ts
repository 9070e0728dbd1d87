import type { Registry } from 'prom-client'
import { canaryDraft } from '../../schemas/canary.ts'
import { canaryAge, noteCanaryAge } from '../runtime/canary-age.ts'
import type { Recorder } from './record/recorder.ts'

const SHOWN_EVERY_MS = 1000

export interface CanaryOptions {
  readonly recorder: Pick<Recorder, 'record'>
  readonly metrics: Registry
  readonly pep_id: string
  readonly every_ms: number
  readonly now: () => number
}

/**
 * Records a decision about nobody every few seconds, in the same chain and by
 * the same way as all others. Where one does not arrive, others don't either.
 */
export function startCanary({ recorder, metrics, pep_id, every_ms, now }: CanaryOptions): { stop(): void } {
  const gauge = canaryAge(metrics)
  // The first is as old as this gateway until it is in the log.
  let durable = now()
  async function sing(): Promise<void> {
    const at = now()
    const recorded = recorder.record(canaryDraft(pep_id, at))
    if (recorded === null) return
    await recorded.durable
    durable = Math.max(durable, at)
  }
  const singing = setInterval(() => void sing(), every_ms)
  const showing = setInterval(() => noteCanaryAge(gauge, 'log', (now() - durable) / 1000), SHOWN_EVERY_MS)
  singing.unref()
  showing.unref()
  return {
    stop() {
      clearInterval(singing)
      clearInterval(showing)
    },
  }
}
