import { kindOf, type Segment } from '../../../schemas/calibration-segment.ts'
import type { Calibrated } from './calibrated.ts'
import { RecentPlaces, type StoredPlaces } from './recent-places.ts'
import type { StoredTable } from './score-table.ts'
import { SegmentScores } from './segment-scores.ts'

/** In a form that can be stored. */
export interface StoredTables {
  readonly tables: readonly (readonly [name: string, table: StoredTable])[]
  readonly recent?: readonly (readonly [name: string, places: StoredPlaces])[]
}

/**
 * How rare the scores of each detector of subjects are in each segment. Segments
 * of one kind of subject share what is recent, since few are drawn of each.
 */
export class SubjectTables {
  readonly #detectors: readonly Calibrated[]
  readonly #tables = new Map<string, SegmentScores>()
  /** The same, those of a segment in the detectors' order: a decision asks for all of them. */
  readonly #bySegment = new Map<Segment, readonly SegmentScores[]>()
  /** By detector and kind of subject. */
  readonly #recent = new Map<string, RecentPlaces>()

  constructor(detectors: readonly Calibrated[]) {
    this.#detectors = detectors
  }

  /** In the detectors' order. */
  of(segment: Segment): readonly SegmentScores[] {
    let tables = this.#bySegment.get(segment)
    if (tables === undefined) {
      tables = this.#detectors.map((detector) => this.#table(`${prefixOf(detector)}${segment}`))
      this.#bySegment.set(segment, tables)
    }
    return tables
  }

  /** Those of one detector, with their segments. */
  ofDetector(detector: Calibrated): (readonly [segment: string, scores: SegmentScores])[] {
    const prefix = prefixOf(detector)
    return [...this.#tables].flatMap(([name, scores]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), scores] as const] : [],
    )
  }

  /** Hours of event time have passed. */
  fade(hours: number): void {
    for (const each of [...this.#tables.values(), ...this.#recent.values()]) each.fade(hours)
  }

  stored(): StoredTables {
    return {
      tables: [...this.#tables].map(([name, table]) => [name, table.stored()]),
      recent: [...this.#recent].map(([name, places]) => [name, places.stored()]),
    }
  }

  restore({ tables, recent = [] }: StoredTables): void {
    for (const each of [this.#tables, this.#bySegment, this.#recent]) each.clear()
    for (const [name, places] of recent) this.#recent.set(name, RecentPlaces.restore(places))
    for (const [name, table] of tables)
      this.#tables.set(name, SegmentScores.restore(this.#recentOf(name), table))
  }

  #table(name: string): SegmentScores {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new SegmentScores(this.#recentOf(name))
      this.#tables.set(name, table)
    }
    return table
  }

  #recentOf(name: string): RecentPlaces {
    const kind = kindOf(name)
    let recent = this.#recent.get(kind)
    if (recent === undefined) {
      recent = new RecentPlaces()
      this.#recent.set(kind, recent)
    }
    return recent
  }
}

function prefixOf({ id, version }: Calibrated): string {
  return `${id}@${version}/`
}
