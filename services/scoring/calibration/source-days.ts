import type { CalibrationTable } from '../../../schemas/calibration.ts'
import type { EntityType } from '../../../schemas/entity.ts'
import type { SourceScores } from '../../../schemas/source-scores.ts'
import type { CalibratedSource } from './calibrated.ts'
import { EntityDays, type DayPlace, type StoredEntityDays } from './entity-days.ts'
import { publishedTable } from './published-tables.ts'
import { equalRate } from './equal-rate.ts'

/** A table says nothing before it rests on so many days of entities: a tenant may have thirty clients. */
const LEAST_DAYS = 100
/** A finding is HIGH when it comes so many times less often, where the budget raises the threshold. */
const RARER = 10

/** In a form that can be stored. */
export type StoredSourceDays = readonly (readonly [name: string, days: StoredEntityDays])[]

/** A p-value of a detector. */
export interface SourcePlace extends DayPlace {
  readonly detector: CalibratedSource
}

interface Table {
  readonly name: string
  readonly detector: CalibratedSource
  readonly segment: EntityType
  readonly days: EntityDays
}

/**
 * How rare the scores of networks, their operators, clients and devices are: of
 * each detector and kind of entity, among days of single entities at their
 * highest. A score that is as high comes on a share p of such days; that of a
 * day which still goes on is never higher than what the day comes to, so p is
 * not too small.
 *
 * Declared thresholds are the least. Where what reaches them came more often
 * than the budget leaves room for, each detector and kind may find so many a day
 * as fit, the same for all, and who needs less leaves it to the others.
 */
export class SourceDays {
  readonly #tables: readonly Table[]

  constructor(detectors: readonly CalibratedSource[]) {
    this.#tables = detectors.flatMap((detector) =>
      [detector.entity].flat().map((segment) => ({
        name: `${detector.id}@${detector.version}/${segment}`,
        detector,
        segment,
        days: new EntityDays(),
      })),
    )
  }

  /** Takes in what an entity's day has come to; `day` is that of its event time. */
  observe(day: number, { entity, scores }: SourceScores): readonly SourcePlace[] {
    return this.#tables.flatMap(({ detector, segment, days }) =>
      segment === entity.type
        ? days.observe(day, entity.id, scores[detector.id] ?? 0).map((place) => ({ ...place, detector }))
        : [],
    )
  }

  /** @param allowed findings a day of all of these detectors together, at most */
  published(allowed: number): CalibrationTable[] {
    const known = this.#tables.filter(({ days }) => days.scores.total >= LEAST_DAYS)
    const rate = equalRate(
      known.map(({ detector, days }) => days.perDay * days.scores.shareFrom(detector.thresholds.medium)),
      allowed,
    )
    return known.flatMap(({ detector, segment, days }) => {
      const table = publishedTable(detector, segment, days.scores, undefined, LEAST_DAYS)
      if (table === undefined) return []
      if (rate === undefined) return [table]
      const medium = Math.max(table.medium, scoreAt(days, rate))
      return [{ ...table, medium, high: Math.max(table.high, medium, scoreAt(days, rate / RARER)) }]
    })
  }

  stored(): StoredSourceDays {
    return this.#tables.map(({ name, days }) => [name, days.stored()])
  }

  /** What another version's detectors counted says nothing of these. */
  restore(stored: StoredSourceDays): void {
    const byName = new Map(stored)
    for (const { name, days } of this.#tables) {
      const own = byName.get(name)
      if (own !== undefined) days.restore(own)
    }
  }
}

/** The score that is reached on so many days of entities a day; where no count says so, one above all that came. */
function scoreAt({ scores, perDay }: EntityDays, aDay: number): number {
  const score = scores.scoreAt(aDay / perDay)
  return Math.ceil((Number.isFinite(score) ? score : scores.above) * 1000) / 1000
}
