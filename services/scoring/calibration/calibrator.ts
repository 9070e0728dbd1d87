import type { Calibration, CalibrationTable } from '../../../schemas/calibration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Scores } from '../../../schemas/scored-decision.ts'
import type { Verdict } from '../../../schemas/verdict.ts'
import type { Thresholds } from '../detector.ts'
import { JOINT_SCORE } from '../joint.ts'
import { DayExtremes, type StoredExtremes } from './day-extremes.ts'
import { OtherFindings, type StoredFindings } from './other-findings.ts'
import { Places, type Evenness } from './places.ts'
import { ScoreTable, type StoredTable } from './score-table.ts'
import type { Segment } from './segment.ts'

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
/** Weight of a score halves in this time. */
const HALF_LIFE_HOURS = 14 * DAY_HOURS
/** A new calibration at most this often, in event time. */
const EVERY_HOURS = 6
/** A table says nothing before it rests on so many scores. */
const LEAST_SCORES = 1000
/** A finding is HIGH when as much evidence comes so many times less often, and is so much more. */
const RARER = 10
const LEAST_RISE = 2
/** Less evidence is no finding, however quiet the tenant: a budget is a ceiling, not a quota. */
const LEAST_NATS = 6
/** How long a verdict that something is harmless holds. */
const SAFE_MS = 30 * DAY_HOURS * HOUR_MS
const MOST_SAFE = 500
const MOST_FOUND = 50_000
const KNOTS_NATS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24] as const

/** A detector as the calibrator knows it. */
export interface Calibrated {
  readonly id: string
  readonly version: number
  /** Never below these: a budget is a ceiling, not a quota. */
  readonly thresholds: Thresholds
}

/** What is read of a scored decision. */
export interface Observation {
  readonly at_ms: number
  /** Whom findings of it would be about. */
  readonly entity: string
  readonly segment: Segment
  readonly scores: Scores
}

/** All that a calibrator knows of one tenant, in a form that can be stored. */
export interface StoredCalibrator {
  readonly hour: number
  readonly made_hour: number
  readonly version: number
  readonly tables: readonly (readonly [name: string, table: StoredTable])[]
  readonly extremes: StoredExtremes
  readonly others?: StoredFindings
  readonly safe?: readonly Safe[]
}

type Safe = NonNullable<Calibration['safe']>[number]

/**
 * Learns how rare each detector's scores are for one tenant, and from which
 * scores on findings keep to a budget of so many a day. What a detector declares
 * a finding counts once an entity and day: else a thief of a thousand requests
 * would make what finds him common, and what cries wolf would crowd it out.
 * Event time only: the same decisions in the same order give the same
 * calibrations.
 */
export class Calibrator {
  readonly #detectors: readonly Calibrated[]
  readonly #budget: number
  readonly #tables = new Map<string, ScoreTable>()
  readonly #places = new Places()
  readonly #others: OtherFindings
  #safe: Safe[] = []
  /** Which detector has found which entity today. */
  readonly #found = new Set<string>()
  #foundDay = 0
  #extremes = new DayExtremes()
  #hour = 0
  #madeHour = 0
  #version = 0

  /** @param budget findings a day of all detectors together, at most */
  constructor(detectors: readonly Calibrated[], budget: number) {
    this.#detectors = detectors
    this.#budget = budget
    this.#others = new OtherFindings(detectors.map(({ id }) => id))
  }

  /** Hears of a finding, whoever's it is: the budget is one for all. */
  heard(finding: Finding): void {
    this.#others.observe(finding)
  }

  /**
   * Takes a verdict that something is harmless: for a month what those
   * detectors say of the entity weighs a quarter and is learnt. Gives the
   * calibration that tells so, once there is one.
   */
  judged({ verdict, entity, finding_ids, decided_at }: Verdict): Calibration | undefined {
    const detectors = this.#others.detectorsOf(finding_ids)
    if (verdict !== 'confirm_safe' || entity.type !== 'subject' || detectors.length === 0) return undefined
    const until = new Date(Math.max(Date.parse(decided_at), this.#hour * HOUR_MS) + SAFE_MS).toISOString()
    this.#safe = this.#safe.filter((each) => each.entity !== entity.id).slice(1 - MOST_SAFE)
    this.#safe.push({ entity: entity.id, detectors: detectors.slice(0, 16), until })
    return this.#version === 0 ? undefined : this.#make()
  }

  /** Takes a scored decision in; returns a calibration when a new one is due. */
  observe({ at_ms, entity, segment, scores }: Observation): Calibration | undefined {
    const hour = Math.floor(at_ms / HOUR_MS)
    const made = hour > this.#hour ? this.#next(hour) : undefined
    const day = Math.floor(hour / DAY_HOURS)
    const sampled = this.#places.takes(entity, at_ms)
    for (const { id, version, thresholds } of this.#detectors) {
      const score = scores[id] ?? 0
      const table = this.#table(id, version, segment)
      if (sampled && table.total >= LEAST_SCORES)
        this.#places.add(id, table.placeOf(score, this.#places.chance(entity, id)))
      if (score < thresholds.medium || this.#first(id, entity, day)) table.add(score, 1)
    }
    const joint = scores[JOINT_SCORE]
    if (joint !== undefined) this.#extremes.observe(day, entity, joint)
    return made
  }

  /** The hour of event time that it has come to, since the epoch. */
  get hour(): number {
    return this.#hour
  }

  /** How even each detector's places among earlier scores have been lately. */
  evenness(): Evenness[] {
    return this.#places.evenness()
  }

  stored(): StoredCalibrator {
    return {
      hour: this.#hour,
      made_hour: this.#madeHour,
      version: this.#version,
      tables: [...this.#tables].map(([name, table]) => [name, table.stored()]),
      extremes: this.#extremes.stored(),
      others: this.#others.stored(),
      safe: this.#safe,
    }
  }

  restore({ hour, made_hour, version, tables, extremes, others, safe }: StoredCalibrator): void {
    this.#hour = hour
    this.#madeHour = made_hour
    this.#version = version
    this.#tables.clear()
    for (const [name, table] of tables) this.#tables.set(name, ScoreTable.restore(table))
    this.#extremes = DayExtremes.restore(extremes)
    if (others !== undefined) this.#others.restore(others)
    this.#safe = [...(safe ?? [])]
  }

  /** Whether the detector has not found the entity before on this day; beyond a bound all have been. */
  #first(detector: string, entity: string, day: number): boolean {
    if (day !== this.#foundDay) {
      this.#foundDay = day
      this.#found.clear()
    }
    const name = `${detector} ${entity}`
    if (this.#found.has(name) || this.#found.size >= MOST_FOUND) return false
    this.#found.add(name)
    return true
  }

  #table(id: string, version: number, segment: Segment): ScoreTable {
    const name = nameOf(id, version, segment)
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new ScoreTable()
      this.#tables.set(name, table)
    }
    return table
  }

  #next(hour: number): Calibration | undefined {
    const passed = this.#hour === 0 ? 0 : hour - this.#hour
    if (passed > 0) for (const table of this.#tables.values()) table.fade(2 ** (-passed / HALF_LIFE_HOURS))
    this.#hour = hour
    if (this.#madeHour === 0) this.#madeHour = hour
    if (hour - this.#madeHour < EVERY_HOURS) return undefined
    this.#madeHour = hour
    return this.#make()
  }

  #make(): Calibration {
    this.#version += 1
    const day = Math.floor(this.#hour / DAY_HOURS)
    const budget = Math.max(this.#budget / 2, this.#budget - this.#others.perDay(day))
    const now = instantOf(this.#hour)
    this.#safe = this.#safe.filter(({ until }) => until > now)
    const threshold = this.#extremes.thresholdFor(budget)
    const nats = threshold === undefined ? undefined : Math.max(LEAST_NATS, threshold)
    const rarer = this.#extremes.thresholdFor(budget / RARER)
    return {
      version: this.#version,
      made_at: now,
      budget_per_day: this.#budget,
      days: this.#extremes.days,
      threshold_nats: nats === undefined ? null : round(nats),
      high_nats: nats === undefined ? null : round(Math.max(nats + LEAST_RISE, rarer ?? 0)),
      tables: this.#published(nats),
      ...(this.#safe.length === 0 ? {} : { safe: this.#safe }),
    }
  }

  #published(nats: number | undefined): CalibrationTable[] {
    const published: CalibrationTable[] = []
    for (const { id, version, thresholds } of this.#detectors) {
      for (const [name, table] of this.#tables) {
        const prefix = `${id}@${version}/`
        if (!name.startsWith(prefix) || table.total < LEAST_SCORES) continue
        const knots = knotsOf(table)
        if (knots.length === 0) continue
        const medium = nats === undefined ? thresholds.medium : atLeast(thresholds.medium, table, nats)
        const high =
          nats === undefined ? thresholds.high : atLeast(thresholds.high, table, nats + Math.log(RARER))
        published.push({
          detector: id,
          detector_version: version,
          segment: name.slice(prefix.length),
          scores: Math.round(table.total),
          medium: round(medium),
          high: round(Math.max(high, medium)),
          knots,
        })
      }
    }
    return published
  }
}

/** The score that is as rare as `nats` say, but not below what the detector declares. */
function atLeast(declared: number, table: ScoreTable, nats: number): number {
  const score = table.scoreAt(Math.exp(-nats))
  return Number.isFinite(score) ? Math.max(declared, score) : declared
}

/** Scores by how rare they are, as far as they differ. */
function knotsOf(table: ScoreTable): { score: number; nats: number; extrapolated: boolean }[] {
  const knots: { score: number; nats: number; extrapolated: boolean }[] = []
  for (const nats of KNOTS_NATS) {
    const score = table.scoreAt(Math.exp(-nats))
    const last = knots.at(-1)?.score ?? 0
    if (!Number.isFinite(score) || score <= last || score > MOST_SCORE) continue
    knots.push({ score: round(score), nats, extrapolated: table.rarityOf(score).extrapolated })
  }
  return knots
}

const MOST_SCORE = 1e9

function nameOf(id: string, version: number, segment: string): string {
  return `${id}@${version}/${segment}`
}

function instantOf(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString()
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
