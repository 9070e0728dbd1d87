import type { Calibration, CalibrationTable } from '../../../schemas/calibration.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Scores } from '../../../schemas/scored-decision.ts'
import type { SourceScores } from '../../../schemas/source-scores.ts'
import type { Verdict } from '../../../schemas/verdict.ts'
import type { Thresholds } from '../detector.ts'
import { JOINT_SCORE } from '../joint.ts'
import type { Calibrated, CalibratedStages } from './calibrated.ts'
import { chanceOf } from './chance.ts'
import { DayExtremes, type StoredExtremes } from './day-extremes.ts'
import { Judged, type StoredJudged } from './judged.ts'
import { Drawn, type StoredDrawn } from './drawn.ts'
import { FoundToday } from './found-today.ts'
import { EntityDays, type StoredEntityDays } from './entity-days.ts'
import { OtherFindings, type StoredFindings } from './other-findings.ts'
import { OwnFindings, type StoredOwnFindings } from './own-findings.ts'
import { Places, type Evenness, type StoredBegan } from './places.ts'
import { knotsOf, LEAST_SCORES, publishedTable } from './published-tables.ts'
import type { Segment } from '../../../schemas/calibration-segment.ts'
import { SubjectTables, type StoredTables } from './subject-tables.ts'
import { SourceCalibrator, type StoredSources } from './source-calibrator.ts'

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
/** A new calibration at most this often, in event time. */
const EVERY_HOURS = 6
/** A finding is HIGH when as much evidence comes so many times less often, and is so much more. */
const RARER = 10
const LEAST_RISE = 2
/** Less evidence is no finding, however quiet the tenant: a budget is a ceiling, not a quota. Once in 3,000 decisions, which a company of a hundred makes in a day. */
const LEAST_NATS = 8

/** All detectors together, as one. */
const JOINT = { id: JOINT_SCORE, version: 1 }

/** What is read of a scored decision. */
export interface Observation {
  /** Of the decision. */
  readonly id: string
  readonly at_ms: number
  /** Whom findings of it would be about. */
  readonly entity: string
  readonly segment: Segment
  readonly scores: Scores
}

/** All that a calibrator knows of one tenant, in a form that can be stored. */
export interface StoredCalibrator extends StoredTables {
  readonly hour: number
  readonly made_hour: number
  readonly version: number
  readonly extremes: StoredExtremes
  readonly others?: StoredFindings
  readonly own?: StoredOwnFindings
  readonly joint?: StoredEntityDays
  readonly judged?: StoredJudged
  readonly sources?: StoredSources
  readonly began?: StoredBegan
  readonly drawn?: StoredDrawn
}

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
  readonly #own: ReadonlySet<string>
  readonly #tables: SubjectTables
  readonly #drawn = new Drawn()
  readonly #places = new Places()
  readonly #joint = new EntityDays()
  readonly #sources: SourceCalibrator
  readonly #othersFound = new OtherFindings()
  readonly #found = new OwnFindings()
  readonly #judged = new Judged()
  readonly #foundToday = new FoundToday()
  #extremes = new DayExtremes()
  #hour = 0
  #madeHour = 0
  #version = 0

  /** @param budget findings a day of all detectors together, at most */
  constructor({ subject, source }: CalibratedStages, budget: number) {
    this.#detectors = subject
    this.#tables = new SubjectTables(subject)
    this.#sources = new SourceCalibrator(source, budget)
    this.#budget = budget
    this.#own = new Set(subject.map(({ id }) => id))
  }

  /** Hears of a finding, whoever's it is: the budget is one for all. */
  heard(finding: Finding): void {
    if (this.#own.has(finding.detector.id)) {
      this.#found.observe(finding)
      return
    }
    this.#othersFound.observe(finding)
    this.#sources.heard(finding)
  }

  /** Takes in what a network, a client or a device has come to on a day. */
  observeSource(scores: SourceScores, atMs: number): void {
    for (const { detector, entity, p } of this.#sources.observe(scores, atMs))
      this.#places.add(detector, this.#hour, entity, p)
  }

  /** Takes a verdict; gives the calibration that tells of it, where it teaches and once there is one. */
  judged(verdict: Verdict): Calibration | undefined {
    if (verdict.verdict === 'confirm_compromised')
      for (const each of [this.#found, this.#sources]) each.confirmed(verdict.finding_ids)
    const detectors = this.#found.detectorsOf(verdict.finding_ids)
    const teaches = this.#judged.take(verdict, detectors, this.#hour * HOUR_MS)
    return teaches && this.#version > 0 ? this.#make() : undefined
  }

  /** Takes a scored decision in; returns a calibration when a new one is due. */
  observe({ id: decision, at_ms, entity, segment, scores }: Observation): Calibration | undefined {
    const hour = Math.floor(at_ms / HOUR_MS)
    const made = hour > this.#hour ? this.#next(hour) : undefined
    const day = Math.floor(hour / DAY_HOURS)
    const drawn = this.#drawn.takes(decision, entity, at_ms)
    const tables = this.#tables.of(segment)
    for (const [index, detector] of this.#detectors.entries()) {
      const table = tables[index]
      if (table === undefined) continue
      const { id, thresholds } = detector
      const score = scores[id] ?? 0
      if (drawn && table.total >= LEAST_SCORES)
        this.#places.add(detector, hour, entity, table.draw(score, chanceOf(decision, id)))
      if (score < thresholds.medium || this.#foundToday.isFirst(id, entity, day)) table.add(score)
    }
    if (this.#version > 0) this.#observeJoint(day, entity, scores[JOINT_SCORE] ?? 0)
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
      ...this.#tables.stored(),
      extremes: this.#extremes.stored(),
      others: this.#othersFound.stored(),
      own: this.#found.stored(),
      joint: this.#joint.stored(),
      judged: this.#judged.stored(),
      sources: this.#sources.stored(),
      began: this.#places.stored(),
      drawn: this.#drawn.stored(),
    }
  }

  restore(stored: StoredCalibrator): void {
    const { others, own, joint, judged, sources, began, drawn } = stored
    this.#hour = stored.hour
    this.#madeHour = stored.made_hour
    this.#version = stored.version
    this.#tables.restore(stored)
    this.#extremes = DayExtremes.restore(stored.extremes)
    if (others !== undefined) this.#othersFound.restore(others)
    if (own !== undefined) this.#found.restore(own)
    if (joint !== undefined) this.#joint.restore(joint)
    if (judged !== undefined) this.#judged.restore(judged)
    if (sources !== undefined) this.#sources.restore(sources)
    this.#places.restore(began ?? longAgo(stored))
    if (drawn !== undefined) this.#drawn.restore(drawn, stored.hour)
  }

  /** The day's most evidence counts, for the threshold and for how rare it is. */
  #observeJoint(day: number, entity: string, nats: number): void {
    this.#extremes.observe(day, entity, nats)
    for (const { entity: of, p } of this.#joint.observe(day, entity, nats))
      this.#places.add(JOINT, this.#hour, of, p)
  }

  #next(hour: number): Calibration | undefined {
    const passed = this.#hour === 0 ? 0 : hour - this.#hour
    if (passed > 0) this.#tables.fade(passed)
    const day = Math.floor(this.#hour / DAY_HOURS)
    if (this.#hour !== 0 && Math.floor(hour / DAY_HOURS) > day) this.#ends(day)
    this.#hour = hour
    if (this.#madeHour === 0) this.#madeHour = hour
    if (hour - this.#madeHour < EVERY_HOURS) return undefined
    this.#madeHour = hour
    return this.#make()
  }

  /** A day is over: what it had says whether the threshold is right. */
  #ends(day: number): void {
    const allowed = this.#allowed(day)
    const threshold = this.#extremes.thresholdFor(allowed)
    const room_nats = Math.max(LEAST_NATS, threshold ?? 0) - LEAST_NATS
    this.#found.ends(day, threshold === undefined ? undefined : { allowed, room_nats })
    this.#sources.ends(day)
  }

  /** Findings a day that are left for these detectors. */
  #allowed(day: number): number {
    return Math.max(this.#budget / 2, this.#budget - this.#othersFound.perDay(day))
  }

  /** From which evidence on there are findings, MEDIUM and HIGH; undefined before a first day was counted. */
  #thresholds(): Thresholds | undefined {
    const allowed = this.#allowed(Math.floor(this.#hour / DAY_HOURS))
    const threshold = this.#extremes.thresholdFor(allowed)
    if (threshold === undefined) return undefined
    const correction = this.#found.correctionNats
    const medium = Math.max(LEAST_NATS, Math.max(LEAST_NATS, threshold) + correction)
    const rarer = this.#extremes.thresholdFor(allowed / RARER) ?? 0
    return { medium, high: Math.max(medium + LEAST_RISE, rarer + correction) }
  }

  #make(): Calibration {
    this.#version += 1
    const nats = this.#thresholds()
    const made_at = instantOf(this.#hour)
    return {
      version: this.#version,
      made_at,
      budget_per_day: this.#budget,
      days: this.#extremes.days,
      threshold_nats: nats === undefined ? null : round(nats.medium),
      high_nats: nats === undefined ? null : round(nats.high),
      correction_nats: round(this.#found.correctionNats),
      tables: this.#published(nats),
      ...this.#publishedJoint(),
      ...this.#judged.published(made_at),
    }
  }

  #published(nats: Thresholds | undefined): CalibrationTable[] {
    const rare = nats === undefined ? undefined : { medium: nats.medium, high: nats.medium + Math.log(RARER) }
    const tables = this.#detectors.flatMap((detector) =>
      this.#tables
        .ofDetector(detector)
        .flatMap(([segment, scores]) => publishedTable(detector, segment, scores, rare) ?? []),
    )
    return [...tables, ...this.#sources.published(Math.floor(this.#hour / DAY_HOURS))]
  }

  #publishedJoint(): Pick<Calibration, 'joint'> {
    const { scores } = this.#joint
    if (scores.total < LEAST_SCORES) return {}
    return { joint: { entity_days: Math.round(scores.total), knots: knotsOf(scores) } }
  }
}

/** What was stored before this was: whatever it knows is held to be settled. */
function longAgo({ tables }: StoredCalibrator): StoredBegan {
  const names = tables.map(([name]) => name.slice(0, name.indexOf('/')))
  return [...new Set(names), `${JOINT.id}@${JOINT.version}`].map((name) => [name, 0])
}

function instantOf(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString()
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
