import type { Attack } from '../../schemas/truth.ts'

/** How one attack was found. */
export interface Sighting {
  readonly attack: Attack
  /** Ids of detectors; none: it was missed. */
  readonly found_by: readonly string[]
  /** Decisions of the attack until then, the one that told included. */
  readonly events: number
  /** From the attack's first decision until then, in event time. */
  readonly seconds: number
}

/** Attacks of one scenario and difficulty. */
export interface Cell {
  readonly scenario: string
  readonly difficulty: string
  readonly attacks: number
  readonly found: number
  readonly share: number | null
  /** Medians over those found; null where none was. */
  readonly events_to_detect: number | null
  readonly seconds_to_detect: number | null
  /** Found within ten of the attack's decisions. */
  readonly within_10_events: number
  /** How many each detector found, by its id. */
  readonly found_by: Readonly<Record<string, number>>
}

/** All attacks, and each scenario at each difficulty, in the order of the truth. */
export function byDifficulty(sightings: readonly Sighting[]): { attacks: Cell; cells: readonly Cell[] } {
  const groups = Map.groupBy(sightings, ({ attack }) => `${attack.scenario} ${attack.difficulty}`)
  const order = (name: (sighting: Sighting) => string) => [...new Set(sightings.map(name))]
  const scenarios = order(({ attack }) => attack.scenario)
  const difficulties = order(({ attack }) => attack.difficulty)
  const cells = scenarios.flatMap((scenario) =>
    difficulties.flatMap((difficulty) => {
      const group = groups.get(`${scenario} ${difficulty}`)
      return group === undefined ? [] : [cellOf(scenario, difficulty, group)]
    }),
  )
  return { attacks: cellOf('all', 'all', sightings), cells }
}

function cellOf(scenario: string, difficulty: string, sightings: readonly Sighting[]): Cell {
  const found = sightings.filter(({ found_by }) => found_by.length > 0)
  const counts: Record<string, number> = {}
  for (const id of found.flatMap(({ found_by }) => found_by)) counts[id] = (counts[id] ?? 0) + 1
  return {
    scenario,
    difficulty,
    attacks: sightings.length,
    found: found.length,
    share: sightings.length === 0 ? null : found.length / sightings.length,
    events_to_detect: median(found.map(({ events }) => events)),
    seconds_to_detect: median(found.map(({ seconds }) => seconds)),
    within_10_events: found.filter(({ events }) => events <= 10).length,
    found_by: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b))),
  }
}

/** The lower one of two in the middle: a figure that occurred. */
function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
