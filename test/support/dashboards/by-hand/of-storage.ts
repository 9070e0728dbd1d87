import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import { PINNED_EVERY } from '../../../../schemas/clickhouse/stored-chain.ts'
import { quantile } from './of-gateways.ts'
import { delayMs } from './some-decisions.ts'
import { atOf, grouped, inRange, live, stepOf, type ByHand } from './tally.ts'

const HOUR_S = 3600

/** Of what came twice. */
export const ofStorage = (repeated: readonly ScoredDecision[]): ByHand => ({
  'gatewatch-completeness: Stored twice': (asked) => [
    { repeats: inRange({ ...asked, decisions: repeated }).length },
  ],
  'gatewatch-completeness: With a kept hash': (asked) => [
    {
      decisions: inRange({ ...asked, decisions: asked.ofAll }).filter(
        ({ decision }) => (decision.pep?.seq ?? 1) % PINNED_EVERY === 0,
      ).length,
    },
  ],
  'gatewatch-pipeline: From decision to store': (asked) =>
    grouped(inRange(asked).filter(live), stepOf(asked), (all) => ({
      p50: quantile(all.map(delayMs), 0.5),
      p99: quantile(all.map(delayMs), 0.99),
      max: Math.max(...all.map(delayMs)),
    })),
  'gatewatch-pipeline: Newest decision': (asked) => {
    // It grows while it is asked for.
    const seconds = (Date.now() - Math.max(...inRange(asked).filter(live).map(atOf))) / 1000
    return [{ age: { least: seconds - HOUR_S, most: seconds + HOUR_S } }]
  },
})
