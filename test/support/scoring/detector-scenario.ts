import { describe, expect, it } from 'vitest'
import type { Decision } from '../../../schemas/decision.ts'
import { subjectEntityId } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { seededNumbers } from '../../../services/runtime/seeded-numbers.ts'
import type { Enrich } from '../../../services/scoring/enrich/enrich.ts'
import { MINUTE, play, testEnrich } from './play.ts'

/** What every detector owes: somebody whom it finds, a bystander whom it does not, and both again as a log may bring them. */
export interface DetectorScenario {
  /** In event time: what is to be found, and beside it what looks alike and is harmless. */
  readonly decisions: readonly Decision[]
  /** What is found, in words of the title. */
  readonly finds: string
  /** All that the detector finds: entity, level, and when each level was reached first. */
  readonly found: readonly (readonly [entity: string, level: string, observed_at: string])[]
  /** What is not found, in words of the title. */
  readonly spares: string
  /** The entities that take part in it. */
  readonly bystanders: readonly string[]
  /** The operator's networks and lists, where they matter. */
  readonly enrich?: Enrich
  /** More that holds of what is found, and scored, in order. */
  readonly also?: (findings: readonly Finding[], scored: readonly ScoredDecision[]) => void
}

/**
 * Declares the tests of a detector's scenario: in order, and with decisions up
 * to eight minutes late, out of order and some of them twice. Then the same
 * entities are found and no others; when, and how clearly, may differ. That
 * every detector of the catalogue has one is a test as well.
 */
export function detectorScenario(detector: string, scenario: DetectorScenario): void {
  const { decisions, found, finds, spares, bystanders, enrich = testEnrich() } = scenario
  const of = (arriving: readonly Decision[]) => {
    const { findings, scored } = play(arriving, { enrich })
    return { scored, own: findings.filter((finding) => finding.detector.id === detector) }
  }
  const culprits = [...new Set(found.map(([entity]) => entity))].sort()
  describe(`${detector}, as a log may bring it`, () => {
    it(`finds ${finds}; and not ${spares}`, () => {
      const { own, scored } = of(decisions)
      expect(levelsOf(own)).toEqual(found)
      expect(culprits.length).toBeGreaterThan(0)
      const innocent = new Set(scored.flatMap(entitiesOf))
      expect(bystanders.length).toBeGreaterThan(0)
      for (const bystander of bystanders) {
        expect(innocent).toContain(bystander)
        expect(culprits).not.toContain(bystander)
      }
      scenario.also?.(own, scored)
    })

    it('finds the same and no others when decisions come late, out of order, and twice', () => {
      const { own } = of(disturbed(decisions))
      expect([...new Set(own.map(({ entity }) => entity.id))].sort()).toEqual(culprits)
    })
  })
}

/** Of three decisions one comes up to eight minutes late, and one of twenty comes again within these. */
export function disturbed(decisions: readonly Decision[]): Decision[] {
  const random = seededNumbers(1)
  const arrivals = decisions.flatMap((decision) => {
    const atMs = Date.parse(decision.decided_at)
    const late = random() < 1 / 3 ? random() * 8 * MINUTE : 0
    const first = { decision, atMs: atMs + late }
    return random() < 1 / 20 ? [first, { decision, atMs: atMs + random() * 8 * MINUTE }] : [first]
  })
  return arrivals.sort((a, b) => a.atMs - b.atMs).map(({ decision }) => decision)
}

/** A finding that goes on is told again: its first revision at each level. */
function levelsOf(findings: readonly Finding[]): string[][] {
  const first = new Map<string, string[]>()
  for (const { entity, risk_level: level, observed_at: at } of findings) {
    const key = `${entity.id} ${level}`
    if (!first.has(key)) first.set(key, [entity.id, level, at])
  }
  return [...first.values()]
}

/** Whom and what a decision is about, as findings name them. */
function entitiesOf({ decision, enrichment }: ScoredDecision): string[] {
  const { subject, device, context } = decision
  const others = [device?.id, context?.tls_fingerprint, String(enrichment.source.asn)]
  return [subjectEntityId(subject), enrichment.source.prefix, ...others.filter((each) => each !== undefined)]
}
