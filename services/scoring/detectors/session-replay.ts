import type { Detector, EnrichedDecision } from '../detector.ts'
import { f64, layout, records, u32, type StateOf } from '../state/form/layout.ts'
import { networkName } from '../state/habits/network-name.ts'
import { secondOf } from '../state/second-of.ts'
import { decay } from '../statistics/decay.ts'

export interface SessionReplayOptions {
  readonly forgetMs: number
  readonly habitHalfLifeMs: number
}

/**
 * Session replay: one session is used by two clients.
 *
 * Catches a stolen cookie or token the first time that it is used, wherever it
 * is used from: the session is bound to whom it was first permitted to. Misses
 * a thief with the very same browser on the same system behind the same provider,
 * a session that was the thief's from the beginning, and enforcement points
 * that name no session. Programs share tokens by design, so only people's
 * sessions count.
 *
 * False positives: a tablet that asks for the desktop page says that it is
 * another system, and an application opens links in another browser's engine:
 * each alone stays below the threshold, and so does a handshake that a proxy on the
 * way makes anew. A subject whose sessions wander all the
 * time (a remote browser, a shared terminal) is used to it.
 *
 *     score = h (3 [another device, both known] + 2 [no device, where there was one]
 *              + 1.5 [another browser] + 1.5 [another system]
 *              + 1.5 [the same version of the same browser, and another TLS fingerprint: the header is copied]
 *              + 1 [another TLS fingerprint] + 1 [another AS] + 1 [another country])
 *     h = 1 / (1 + w / 2),  w = other sessions that wandered, half-life 30 days
 *
 * 0 unless device, client or its handshake differ: a session that only changes networks is a
 * person on the way. The binding stays as it was first seen while a session is
 * remembered (the last four, at most a week), so that each request of the thief
 * scores and none of the owner's does.
 *
 * Cost: O(4), at most 280 bytes a subject.
 *
 * @see MITRE ATT&CK T1550.004, Web Session Cookie; NIST SP 800-63B, section 7.
 * @example a session from Berlin with Firefox on Linux, then from Tokyo with Chrome on Windows: 5.
 */
export function sessionReplay({
  forgetMs = 7 * 86_400_000,
  habitHalfLifeMs = 30 * 86_400_000,
}: Partial<SessionReplayOptions> = {}): Detector<EnrichedDecision, ReplayState> {
  const wandered = (state: Readonly<ReplayState>, atMs: number) =>
    state.wandered * decay(atMs - state.last_ms, habitHalfLifeMs)
  const bound = (state: Readonly<ReplayState>, input: EnrichedDecision) => {
    if (input.session === 0 || input.decision.subject.type !== 'user' || !input.vouched) return undefined
    const known = find(state.sessions, input.session)
    return known === undefined || input.at_ms - known.last_s * 1000 > forgetMs ? undefined : known
  }
  const ungated = (state: Readonly<ReplayState>, input: EnrichedDecision) => {
    const session = bound(state, input)
    return session === undefined ? 0 : difference(session, input)
  }
  const habit = (state: Readonly<ReplayState>, input: EnrichedDecision) =>
    1 / (1 + Math.max(0, wandered(state, input.at_ms) - (bound(state, input)?.wandered ?? 0)) / 2)
  return {
    id: 'session-replay',
    version: 2,
    entity: 'subject',
    technique: 'T1550.004',
    thresholds: { medium: 3, high: 4.5 },
    definite: 4.5,
    layout: replayLayout,
    score(state, input) {
      const differs = ungated(state, input)
      return differs === 0 ? 0 : differs * habit(state, input)
    },
    ungated,
    learn(state, input) {
      if (!input.permitted || input.session === 0 || input.decision.subject.type !== 'user') return
      const session = bound(state, input)
      if (session === undefined) {
        bind(state.sessions, input)
        return
      }
      if (session.wandered === 0 && difference(session, input) >= WANDERS) {
        session.wandered = 1
        state.wandered = wandered(state, input.at_ms) + 1
        state.last_ms = Math.max(state.last_ms, input.at_ms)
      }
      session.last_s = Math.max(session.last_s, secondOf(input))
      if (session.device === 0 && sameClient(session, input)) session.device = input.device
    },
    explain(state, input) {
      const session = bound(state, input)
      const factor = habit(state, input)
      const { source, user_agent: agent } = input.enrichment
      const client = `${agent.family} on ${agent.os}`
      const where = networkName(source)
      return {
        cause: 'credential',
        evidence: {
          session: input.decision.subject.session_id ?? null,
          other_device: session !== undefined && differs(session.device, input.device),
          device_missing: session !== undefined && session.device !== 0 && input.device === 0,
          other_browser: session !== undefined && differs(session.family, input.family),
          other_system: session !== undefined && differs(session.os, input.os),
          other_tls_fingerprint: session !== undefined && differs(session.tls, input.tls),
          copied_header: session !== undefined && copies(session, input),
          other_network: session !== undefined && differs(session.asn, input.asn),
          other_country: session !== undefined && differs(session.country, input.country),
          client,
          network: where.slice(0, 500),
          ip: input.decision.context?.ip ?? null,
          sessions_that_wandered: Math.round(wandered(state, input.at_ms) * 10) / 10,
          sessions_that_wander_expected: 0,
        },
        gates: factor < 0.99 ? [{ name: 'wanders_often', factor: Math.round(factor * 100) / 100 }] : [],
        summary: `A session that began elsewhere was used with ${client} from ${where}.`.slice(0, 512),
      }
    },
  }
}

/** So much difference counts as a session that wandered. */
const WANDERS = 3
const one = {
  session: u32,
  device: u32,
  family: u32,
  os: u32,
  agent: u32,
  tls: u32,
  asn: u32,
  country: u32,
  last_s: u32,
  wandered: u32,
}
const fields = { wandered: f64, last_ms: f64, sessions: records(4, one) }
const replayLayout = layout(fields)
type Session = StateOf<typeof one>
type ReplayState = StateOf<typeof fields>

function find(sessions: readonly Session[], session: number): Session | undefined {
  for (const each of sessions) if (each.session === session) return each
  return undefined
}

/** Binds the session to its first client, in the place of the one that was used longest ago. */
function bind(sessions: readonly Session[], input: EnrichedDecision): void {
  const place =
    find(sessions, input.session) ??
    sessions.reduce((least, each) => (each.last_s < least.last_s ? each : least))
  const { session, device, family, os, agent, tls, asn, country } = input
  Object.assign(place, {
    session,
    device,
    family,
    os,
    agent,
    tls,
    asn,
    country,
    last_s: secondOf(input),
    wandered: 0,
  })
}

function difference(session: Readonly<Session>, input: EnrichedDecision): number {
  const client =
    (differs(session.device, input.device) ? 3 : session.device !== 0 && input.device === 0 ? 2 : 0) +
    (differs(session.family, input.family) ? 1.5 : 0) +
    (differs(session.os, input.os) ? 1.5 : 0) +
    (copies(session, input) ? 1.5 : 0)
  if (client === 0) return 0
  return (
    client +
    (differs(session.tls, input.tls) ? 1 : 0) +
    (differs(session.asn, input.asn) ? 1 : 0) +
    (differs(session.country, input.country) ? 1 : 0)
  )
}

/** A browser of one version on one system shakes hands in one way. */
function copies(session: Readonly<Session>, input: EnrichedDecision): boolean {
  return input.agent !== 0 && session.agent === input.agent && differs(session.tls, input.tls)
}

function sameClient(session: Readonly<Session>, input: EnrichedDecision): boolean {
  return session.family === input.family && session.os === input.os
}

/** Both are known, and not the same. */
function differs(before: number, now: number): boolean {
  return before !== 0 && now !== 0 && before !== now
}
