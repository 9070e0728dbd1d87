import type { Detector, EnrichedDecision } from '../detector.ts'
import { instantMs } from '../state/instant.ts'
import { f64, layout, text, clip, type StateOf } from '../state/form/layout.ts'
import { slots, type Slots } from '../state/form/slots.ts'
import { decay } from '../statistics/decay.ts'

export interface SuccessAfterFailuresOptions {
  readonly halfLifeMs: number
}

/**
 * Success after failures: sign-ins to one account fail in a run, and then one
 * goes through.
 *
 * Catches a guessed password, from one source or from many, at the very
 * decision that completes it, and a slow one that goes through where it failed
 * before. Misses slow guessing that changes its networks, a password known beforehand, and one guess at each of many
 * accounts (see `spray`).
 *
 * False positives: a person who mistypes five times or more, a program with a
 * stale password that is then corrected. The owner who signs in while somebody
 * else guesses is no success of the guesser: a success counts from a source
 * that failed, or from one that the account was never permitted from, and not
 * in a session that began before the run.
 *
 *     score = max(g * sum over failures i of 2^(-(t - t_i) / h), 3.5 b),  h = 15 min
 *     g = 0.4 (gate own_source) after ten failures or fewer that all came from where the success does, and the
 *         account was let in from there on three visits before: its owner mistypes; else 1
 *
 *     b = failures of the last day, three at most, from a network from which the account was never let in, where the
 *         next success from there takes ten minutes or more: an owner who mistypes tries again at once
 *
 * A counted success ends the run. A failure that our own feedback caused is
 * none.
 *
 * Cost: O(14) time, at most 300 bytes a subject.
 *
 * @see MITRE ATT&CK T1110, Brute Force.
 * @example 20 failures within a minute, then a success from the same source: 19.5.
 */
export function successAfterFailures({
  halfLifeMs = 900_000,
}: Partial<SuccessAfterFailuresOptions> = {}): Detector<EnrichedDecision, RunState> {
  const run = (state: Readonly<RunState>, atMs: number) => state.run * decay(atMs - state.last_ms, halfLifeMs)
  const suspicion = (state: Readonly<RunState>, input: EnrichedDecision) =>
    completes(state, input) ? run(state, input.at_ms) * (mistypes(state, input) ? MISTYPED : 1) : 0
  return {
    id: 'success-after-failures',
    version: 3,
    entity: 'subject',
    technique: 'T1110',
    thresholds: { medium: 5, high: 20 },
    definite: 20,
    layout: runLayout,
    score: (state, input) => Math.max(suspicion(state, input), COMES_BACK * comesBack(state, input)),
    ungated: (state, input) =>
      Math.max(completes(state, input) ? run(state, input.at_ms) : 0, COMES_BACK * comesBack(state, input)),
    learn(state, input, _population, standing) {
      const { at_ms: atMs, prefix } = input
      if (fails(input)) {
        const left = run(state, atMs)
        if (left < 0.5) {
          state.first_ms = atMs
          state.total = 0
        }
        state.run = left + 1
        state.total += 1
        state.last_ms = Math.max(state.last_ms, atMs)
        state.failing.add(prefix, atMs, Infinity)
        state.last_ip = clip(input.decision.context?.ip ?? '', 40)
        return
      }
      if (!input.permitted) return
      if (completes(state, input)) {
        state.run = 0
        state.total = 0
      }
      state.failing.remove(prefix)
      if (standing.calm) state.permitted.add(prefix, atMs, PERMITTED_HALF_LIFE_MS)
    },
    explain(state, input) {
      const elapsedMs = Math.max(0, input.at_ms - state.first_ms)
      const known = state.permitted.find(input.prefix) !== -1
      const sources = Math.max(1, state.failing.usedSince(state.first_ms - 1000))
      return {
        cause: 'credential',
        evidence: {
          failures: state.total,
          expected_failures: 1,
          minutes: Math.round(elapsedMs / 6_000) / 10,
          failing_sources: sources,
          last_failure_ip: state.last_ip,
          success_ip: input.decision.context?.ip ?? null,
          success_source_failed: state.failing.find(input.prefix) !== -1,
          failed_there_earlier: comesBack(state, input),
          success_source_known: known,
        },
        gates: mistypes(state, input) ? [{ name: 'own_source', factor: MISTYPED }] : [],
        summary:
          `${state.total} failed sign-ins from ${sources === 1 ? 'one source' : `${sources} sources`}, ` +
          `then a success from ${input.decision.context?.ip ?? 'an unknown address'}.`,
        with_refused: true,
      }
    },
  }
}

const MISTYPED = 0.4
const MOST_MISTYPED = 10
/** What one failure says where somebody comes back to a network that is not the account's. */
const COMES_BACK = 3.5
const MOST_BACK = 3
const AT_ONCE_MS = 600_000
const DAY_MS = 86_400_000
/** Decisions that let the account in from there, decayed. */
const OWN_VISITS = 2.5
const PERMITTED_HALF_LIFE_MS = 30 * 86_400_000
const fields = {
  run: f64,
  total: f64,
  first_ms: f64,
  last_ms: f64,
  last_ip: text(40),
  failing: slots(8),
  permitted: slots(6),
}
const runLayout = layout(fields)
type RunState = StateOf<typeof fields> & { failing: Slots }

function fails(input: EnrichedDecision): boolean {
  return input.refused && input.credential_failure
}

function mistypes(
  { total, first_ms, failing, permitted }: Readonly<RunState>,
  input: EnrichedDecision,
): boolean {
  return (
    total <= MOST_MISTYPED &&
    failedHere({ failing, first_ms }, input) &&
    failing.usedSince(first_ms - 1000) === 1 &&
    permitted.weight(permitted.find(input.prefix), input.at_ms, PERMITTED_HALF_LIFE_MS) >= OWN_VISITS
  )
}

/** Whether there was a failure from the network in the run that is going on. */
function failedHere(
  { failing, first_ms }: Pick<Readonly<RunState>, 'failing' | 'first_ms'>,
  { prefix }: EnrichedDecision,
): boolean {
  return failing.find(prefix) !== -1 && failing.lastMs(failing.find(prefix)) >= first_ms - 1000
}

/** Failures from the network, of the last day and ten minutes ago or more, where the account was let in before, and never from there. */
function comesBack({ failing, permitted }: Readonly<RunState>, input: EnrichedDecision): number {
  if (!input.permitted || permitted.find(input.prefix) !== -1 || permitted.usedSince(1) === 0) return 0
  const failed = failing.find(input.prefix)
  if (failed === -1) return 0
  const lastMs = failing.lastMs(failed)
  const since = input.decision.subject.authenticated_at
  if (since !== undefined && !input.sign_in && instantMs(since) < lastMs) return 0
  const elapsedMs = input.at_ms - lastMs
  return elapsedMs >= AT_ONCE_MS && elapsedMs <= DAY_MS ? Math.min(MOST_BACK, failing.raw(failed)) : 0
}

function completes(state: Readonly<RunState>, input: EnrichedDecision): boolean {
  if (!input.permitted || state.run === 0) return false
  const since = input.decision.subject.authenticated_at
  if (since !== undefined && !input.sign_in && instantMs(since) < state.first_ms) return false
  return input.prefix === 0 || failedHere(state, input) || state.permitted.find(input.prefix) === -1
}
