import type { Detector, EnrichedDecision } from '../detector.ts'
import { bitmap } from '../state/form/bitmap.ts'
import { f32, layout, u32, type StateOf } from '../state/form/layout.ts'

export interface EnumerationOptions {
  readonly windowMs: number
  readonly leastWindows: number
}

/**
 * Enumeration: one subject walks over many different things within minutes, or
 * is refused by many applications, within minutes or over a day.
 *
 * Catches a script that reads record after record with a person's session, and
 * a stolen token that is tried everywhere. Misses a walk slower than the
 * subject's own habit times three, and whatever the enforcement point reports
 * under one id. Subjects with fewer than five active windows score 0 for what
 * they read.
 *
 * False positives: a page that begins to load each of its items by a request of
 * its own scores until the mean has followed, some ten windows; a new portal
 * that links to applications which a person may not use.
 *
 *     score = max(d / (10 + 3 u), 4 a / (4 + 2 v), 4 b / (6 + 3 w))
 *
 * with d the different resources of this window of 10 minutes, a the different
 * applications that refused in it, u and v their means over earlier windows
 * in which the subject did anything (the last twenty weigh most); b the different
 * applications that refused on this day (UTC), w their mean over earlier days. Only a
 * resource that is new in the window scores, and only a refusal for a. A window
 * with a finding teaches nothing.
 *
 * Cost: O(1), 100 bytes a subject. Different things are counted in 256 bits,
 * with an error of some 5 %; beyond 1,600 it no longer rises.
 *
 * @see MITRE ATT&CK T1087, T1526 (discovery); T1213, Data from Information Repositories.
 * @example usually 4 records in ten minutes, now the 100th: 4.5.
 */
export function enumeration({
  windowMs = 600_000,
  leastWindows = 5,
}: Partial<EnumerationOptions> = {}): Detector<EnrichedDecision, WindowState> {
  const windowOf = (input: EnrichedDecision) => Math.floor(input.at_ms / windowMs)
  /** Different resources and refusing applications of the window, this decision's included. */
  const seen = (state: Readonly<WindowState>, input: EnrichedDecision) => {
    const current = windowOf(input) === state.window
    const fresh = !current || !state.resources.has(input.object)
    const refuses = counts(input) && (!current || !state.apps.has(input.app))
    const today = dayOf(input) === state.day
    const refusesToday = counts(input) && (!today || !state.day_apps.has(input.app))
    return {
      fresh,
      refuses,
      dayApps: refusesToday ? (today ? state.day_apps.estimate(1) : 1) : 0,
      resources: current ? state.resources.estimate(fresh ? 1 : 0) : 1,
      apps: refuses ? (current ? state.apps.estimate(1) : 1) : 0,
    }
  }
  const score = (state: Readonly<WindowState>, input: EnrichedDecision) => {
    if (!input.vouched || windowOf(input) < state.window) return 0
    const { fresh, resources, apps, dayApps } = seen(state, input)
    const walk = fresh && state.windows >= leastWindows ? resources / (10 + 3 * state.usual) : 0
    return Math.max(
      walk,
      (4 * apps) / (4 + 2 * state.usual_apps),
      (4 * dayApps) / (6 + 3 * state.usual_day_apps),
    )
  }
  return {
    id: 'enumeration',
    version: 2,
    entity: 'subject',
    technique: 'T1526',
    thresholds: { medium: 4, high: 10 },
    layout: windowLayout,
    score: (state, input) => {
      const value = score(state, input)
      // Below one it says nothing, and would be a figure at every decision.
      return value < 1 ? 0 : value
    },
    learn(state, input, _population, standing) {
      const window = windowOf(input)
      if (!input.vouched || window < state.window) return
      if (window > state.window) roll(state, window)
      const day = dayOf(input)
      if (day > state.day) rollDay(state, day)
      if (!standing.calm) state.strange = 1
      state.resources.add(input.object)
      if (!counts(input)) return
      state.apps.add(input.app)
      if (day === state.day) state.day_apps.add(input.app)
    },
    explain(state, input) {
      const { resources, apps, dayApps } = seen(state, input)
      const refusing = Math.round(windowOf(input) === state.window ? state.apps.estimate(0) : 0)
      const refused = Math.max(refusing, Math.round(apps))
      return {
        cause: 'rate',
        evidence: {
          different_resources: Math.round(resources),
          different_resources_expected: Math.round(state.usual * 10) / 10,
          applications_that_refused: refused,
          applications_that_refuse_expected: Math.round(state.usual_apps * 10) / 10,
          applications_that_refused_today: Math.round(dayApps),
          applications_that_refuse_a_day_expected: Math.round(state.usual_day_apps * 10) / 10,
          window_minutes: windowMs / 60_000,
          baseline_windows: state.windows,
          last_resource: input.decision.resource.id.slice(0, 256),
        },
        gates: [],
        summary:
          refused >= 3
            ? `Refused by ${refused} applications within ten minutes.`
            : dayApps >= 3
              ? `Refused by ${Math.round(dayApps)} applications on one day; usual are ${Math.round(state.usual_day_apps)}.`
              : `Asked for about ${Math.round(resources)} different things within ten minutes; usual is ${Math.round(state.usual)}.`,
        with_refused: true,
      }
    },
  }
}

/** Of earlier windows, so many weigh in the means. */
const WEIGHING = 20
const WEIGHING_DAYS = 10
const DAY_MS = 86_400_000
const MOST_WINDOWS = 1000
const fields = {
  window: u32,
  windows: u32,
  strange: u32,
  usual: f32,
  usual_apps: f32,
  resources: bitmap(256),
  apps: bitmap(32),
  day: u32,
  usual_day_apps: f32,
  day_apps: bitmap(32),
}
const windowLayout = layout(fields)
type WindowState = StateOf<typeof fields>

/** Takes the window that is over into the means, and begins another. */
function roll(state: WindowState, window: number): void {
  if (state.window !== 0 && state.strange === 0) {
    const weight = 1 / Math.min(WEIGHING, state.windows + 1)
    state.usual = Math.fround(state.usual + weight * (state.resources.estimate() - state.usual))
    state.usual_apps = Math.fround(state.usual_apps + weight * (state.apps.estimate() - state.usual_apps))
    state.windows = Math.min(MOST_WINDOWS, state.windows + 1)
  }
  state.window = window
  state.strange = 0
  state.resources.clear()
  state.apps.clear()
}

/** Takes the applications that refused on the day that is over into their mean. */
function rollDay(state: WindowState, day: number): void {
  if (state.day !== 0) {
    // As many as one more a day: a day of probing hardly makes the next one usual.
    const refused = Math.min(state.day_apps.estimate(), state.usual_day_apps + 1)
    state.usual_day_apps = Math.fround(
      state.usual_day_apps + (refused - state.usual_day_apps) / WEIGHING_DAYS,
    )
  }
  state.day = day
  state.day_apps.clear()
}

function dayOf(input: EnrichedDecision): number {
  return Math.floor(input.at_ms / DAY_MS)
}

function counts(input: EnrichedDecision): boolean {
  return input.refused && !input.credential_failure
}
