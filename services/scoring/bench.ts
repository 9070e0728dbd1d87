import { Readings, type Reading } from './calibration/reading.ts'
import type { Detector } from './detector.ts'
import { planOf, type Plan } from './state/entity/entity-state.ts'
import type { Layout } from './state/form/layout.ts'
import { waitingLayout } from './state/entity/waiting.ts'

/** Detectors of one stage, and how the state of one entity is laid out for them. */
export interface Bench<Input> {
  readonly detectors: readonly Detector<Input, unknown>[]
  /** Where the state of each lies, in their order. */
  readonly plan: Plan
  /**
   * A decision older than the ids that are still known might be a repeat, so it
   * is not learnt. Off where the log itself has already dropped repeats.
   */
  readonly strict: boolean
  /** A finding stays open for so long without another decision; undefined: as usual. */
  readonly quiet_ms: number | undefined
  /** What a finding says of how rare its score is: among decisions, or among days of single entities. */
  readonly rarity: 'once_in' | 'once_in_entity_days'
  /** How scores are read while nothing is calibrated. */
  readonly declared: readonly Reading[]
  /** Which of the states holds what waits to be learnt; undefined: nothing waits. */
  readonly waiting: number | undefined
  /** What each says of the decision in hand; overwritten by the next. */
  readonly nats: Float64Array
}

/** @param beside what else is kept of an entity, after the states of the detectors */
export function benchOf<Input>(
  detectors: readonly Detector<Input, unknown>[],
  strict: boolean,
  beside: readonly { readonly name: string; readonly layout: Layout<unknown> }[] = [],
  rarity: Bench<Input>['rarity'] = 'once_in',
): Bench<Input> {
  const waits = beside.findIndex((each) => each.layout === waitingLayout)
  return {
    detectors,
    strict,
    rarity,
    quiet_ms: detectors.find((each) => each.quiet_ms !== undefined)?.quiet_ms,
    declared: new Readings(detectors).of(''),
    waiting: waits === -1 ? undefined : detectors.length + waits,
    nats: new Float64Array(detectors.length),
    plan: planOf([
      ...detectors.map((each) => ({ name: `${each.id}@${each.version}`, layout: each.layout })),
      ...beside,
    ]),
  }
}
