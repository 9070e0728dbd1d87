import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '../../schemas/finding.ts'
import type { Attack } from '../../schemas/truth.ts'
import { GatewatchError } from '../runtime/errors.ts'
import { holder, ordinaryOf, type Held } from './held.ts'
import { settledOf, type Settled } from './settled.ts'
import { atBudgets, type AtBudget } from './precision.ts'
import { decisionsFile, readDecisions, type DecisionLine } from './read-decisions.ts'
import { readTruth } from './read-truth.ts'
import { byDifficulty, type Cell, type Sighting } from './cells.ts'

export interface EvaluateOptions {
  /** Scores decisions as they come and gives every revision of every finding, in order. */
  readonly score: (lines: readonly DecisionLine[]) => readonly Finding[]
  /** Findings a day, at most, that `score` keeps to. */
  readonly budget: number
  /** Days at first that are told apart. */
  readonly warm_up_days: number
  /** How even the p-values of each detector were, after all was scored. */
  readonly evenness: () => readonly Evenness[]
  /** Hears of bytes read, of all. */
  readonly progress?: (read: number, total: number) => void
  /** Hears of every finding at its last revision, with what it was held to be. */
  readonly told?: (verdict: Verdict) => void
}

/** What became of a finding. */
export interface Verdict {
  readonly verdict: 'true' | 'false'
  /** The attack that it finds. */
  readonly attack: string | null
  /** An attack that it touches without finding it: another entity, or opened before the start. */
  readonly beside: string | null
  /** The harmless happening that it was about. */
  readonly ordinary: string | null
  readonly finding: Finding
}

/** What an evaluation says; shares are between 0 and 1, null where nothing was to be divided. */
export interface Evaluation {
  readonly decisions: number
  /** Users who were let in at least once. */
  readonly users: number
  readonly first_decided_at: string
  readonly last_decided_at: string
  /** From the first decision to the last. */
  readonly days: number
  readonly attacks: Cell
  readonly cells: readonly Cell[]
  /** Attacks that nothing found, by id. */
  readonly missed: readonly string[]
  readonly findings: {
    readonly total: number
    readonly true: number
    readonly false: number
    readonly a_day: number
    readonly a_day_per_1000_users: number
    readonly most_on_a_day: number
  }
  readonly settled: Settled
  /** Of the last thousand p-values of each detector, and of all together (`joint`, by day of an entity). */
  readonly evenness: readonly Evenness[]
  readonly false_findings: readonly FalseFindings[]
  readonly budgets: readonly AtBudget[]
}

export interface FalseFindings {
  readonly detector: string
  /** What they were about; `none`: an ordinary day. */
  readonly about: string
  readonly findings: number
}

/** How even one detector's p-values are: Kolmogorov and Smirnov's statistic. */
export interface Evenness {
  readonly detector: string
  readonly places: number
  /** As how many independent ones they count: those of one person are alike. */
  readonly effective: number
  readonly statistic: number
  readonly p: number
}

const DAY_MS = 86_400_000

/**
 * Scores the labelled decisions of a directory and says what was found of what
 * really happened.
 *
 * @throws GatewatchError `ERR_EVALUATE_INPUT` when a file is missing or has a bad line.
 */
export async function evaluate(directory: string, options: EvaluateOptions): Promise<Evaluation> {
  const truthPath = join(directory, 'truth.jsonl')
  if (!existsSync(truthPath))
    throw new GatewatchError('ERR_EVALUATE_INPUT', `${directory} holds no truth.jsonl.`)
  const { path, bytes } = decisionsFile(directory)
  const truth = await readTruth(truthPath)
  const findings = holder(truth)
  const times = new Map<string, number>()
  const users = new Set<string>()
  const most = { decisions: 0, first: '', last: '' }
  for await (const lines of readDecisions(path, (read) => options.progress?.(read, bytes))) {
    for (const { decision, at_ms } of lines) {
      const { decided_at, subject } = decision
      if (most.first === '' || decided_at < most.first) most.first = decided_at
      if (decided_at > most.last) most.last = decided_at
      if (subject.type === 'user' && decision.outcome === 'permit')
        users.add(`${decision.tenant}/${subject.id}`)
      if (truth.attackOf.has(decision.id)) times.set(decision.id, at_ms)
    }
    most.decisions += lines.length
    for (const revision of options.score(lines)) findings.take(revision)
  }
  for (const attack of truth.attacks) {
    const missing = attack.decision_ids.find((id) => !times.has(id))
    if (missing !== undefined)
      throw new GatewatchError(
        'ERR_EVALUATE_INPUT',
        `${truthPath}: ${attack.id} names the decision ${missing}, which is not in ${path}.`,
      )
  }
  const all = findings.held()
  const sightings = sightingsOf(truth.attacks, all, times)
  const days = most.first === '' ? 0 : (Date.parse(most.last) - Date.parse(most.first)) / DAY_MS
  const right = all.filter(({ attack }) => attack !== undefined).length
  const aDay = days === 0 ? all.length : all.length / Math.max(1, days)
  const budgets = atBudgets(all, truth.attacks.length)
  return {
    decisions: most.decisions,
    users: users.size,
    first_decided_at: most.first,
    last_decided_at: most.last,
    days,
    ...byDifficulty(sightings),
    missed: sightings.filter(({ found_by }) => found_by.length === 0).map(({ attack }) => attack.id),
    findings: {
      total: all.length,
      true: right,
      false: all.length - right,
      a_day: aDay,
      a_day_per_1000_users: users.size === 0 ? 0 : (aDay * 1000) / users.size,
      most_on_a_day: mostOnADay(all),
    },
    settled: settledOf(all, { first: most.first, last: most.last, users: users.size }, options),
    evenness: options.evenness(),
    false_findings: falseFindings(all, ordinaryOf(truth.ordinary), options.told),
    budgets,
  }
}

function sightingsOf(
  attacks: readonly Attack[],
  held: readonly Held[],
  times: ReadonlyMap<string, number>,
): readonly Sighting[] {
  const byAttack = Map.groupBy(held, ({ attack }) => attack)
  return attacks.map((attack) => {
    const by = byAttack.get(attack) ?? []
    const foundMs = by.reduce((least, each) => Math.min(least, each.found_ms), Infinity)
    const decided = attack.decision_ids.map((id) => times.get(id) ?? 0)
    return {
      attack,
      found_by: [...new Set(by.map(({ finding }) => finding.detector.id))].sort(),
      events: decided.filter((atMs) => atMs <= foundMs).length,
      seconds: Math.max(0, (foundMs - Math.min(...decided)) / 1000),
    }
  })
}

function mostOnADay(held: readonly Held[]): number {
  const days = Map.groupBy(held, ({ finding }) => finding.first_observed_at.slice(0, 10))
  return Math.max(0, ...[...days.values()].map(({ length }) => length))
}

function falseFindings(
  held: readonly Held[],
  ordinary: ReturnType<typeof ordinaryOf>,
  told: EvaluateOptions['told'],
): readonly FalseFindings[] {
  const counts = new Map<string, { detector: string; about: string; findings: number }>()
  for (const { finding, attack, beside } of held) {
    const about = attack === undefined ? ordinary(finding) : undefined
    told?.({
      verdict: attack === undefined ? 'false' : 'true',
      attack: attack?.id ?? null,
      beside: attack === undefined ? (beside?.id ?? null) : null,
      ordinary: about?.id ?? null,
      finding,
    })
    if (attack !== undefined) continue
    const detector = finding.detector.id
    const what = beside === undefined ? (about?.scenario ?? 'none') : 'attack_on_another'
    const count = counts.get(`${detector}/${what}`)
    if (count === undefined) counts.set(`${detector}/${what}`, { detector, about: what, findings: 1 })
    else count.findings += 1
  }
  return [...counts.values()].sort((a, b) => b.findings - a.findings || a.detector.localeCompare(b.detector))
}
