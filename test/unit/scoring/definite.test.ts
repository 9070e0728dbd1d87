import { expect, it } from 'vitest'
import { decisionKey } from '../../../schemas/decision.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import { Readings } from '../../../services/scoring/calibration/reading.ts'
import { replayWorker } from '../../../services/scoring/replay/replay-worker.ts'
import { subjectStage } from '../../../services/scoring/worker.ts'
import {
  BERLIN_IP,
  CHROME,
  FIREFOX,
  MINUTE,
  partsOf,
  story,
  testEnrich,
  TOKYO_IP,
  type Part,
} from '../../support/scoring/play.ts'

const inSession = (who: string, ip: string, user_agent: string) => () => ({
  subject: { type: 'user' as const, id: who, session_id: `session-of-${who}` },
  context: { ip, user_agent },
})
/** An hour at work, then five decisions of the same session from elsewhere. */
const replayed = (who: string, ip: string, agent: string) =>
  story(
    { who, everyMs: MINUTE, times: 60, each: inSession(who, BERLIN_IP, FIREFOX) },
    { who, fromMs: 61 * MINUTE, everyMs: MINUTE, times: 5, each: inSession(who, ip, agent) },
  )

const wrong = (who: string, times: number, reason: 'credentials_rejected' | 'mfa_rejected'): Part => ({
  who,
  times,
  everyMs: 100,
  each: () => ({
    outcome: 'deny',
    reasons: [reason],
    action: { name: 'sign_in' },
    context: { ip: TOKYO_IP },
  }),
})
const signsIn = (who: string): Part => ({
  who,
  fromMs: MINUTE / 10,
  each: () => ({ action: { name: 'sign_in' }, context: { ip: TOKYO_IP } }),
})

/** Findings while all detectors together would have to say more than they can. */
function findings(decisions: ReturnType<typeof replayed>, safe: readonly string[] = []) {
  const stage = subjectStage(testEnrich())
  const readings = new Readings(stage.detectors, {
    version: 1,
    made_at: '2026-01-01T00:00:00.000Z',
    budget_per_day: 1,
    days: 3,
    threshold_nats: 90,
    high_nats: 95,
    tables: [],
    safe: safe.map((entity) => ({
      entity,
      detectors: ['session-replay'],
      until: '2026-02-01T00:00:00.000Z',
    })),
  })
  const worker = replayWorker(stage, 1)
  const values = decisions.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
  return partsOf(accessDecisions, values, 50).flatMap((part) => worker(part, () => readings).findings)
}

it('a session that another client elsewhere goes on with is one finding, whatever the budget leaves', () => {
  const found = findings(replayed('alice', TOKYO_IP, CHROME))
  expect(new Set(found.map(({ id }) => id)).size).toBe(1)
  expect(found[0]).toMatchObject({ revision: 1, entity: { id: 'user:alice' }, risk_level: 'MEDIUM' })
  expect(found[0]?.contributions?.map(({ detector }) => detector)).toContain('session-replay')
  for (const { evidence_nats } of found) expect(evidence_nats).toBeGreaterThanOrEqual(4)
})

it.each<[string, Part[], string]>([
  [
    'a sign-in after 21 failures at once',
    [wrong('carol', 21, 'credentials_rejected'), signsIn('carol')],
    'success-after-failures',
  ],
  ['a second factor refused ten times within a minute', [wrong('dave', 10, 'mfa_rejected')], 'mfa-fatigue'],
])('%s is a finding whatever the budget leaves', (_title, parts, detector) => {
  const found = findings(story(...parts))
  expect(new Set(found.map(({ id }) => id)).size).toBe(1)
  expect(found.at(-1)?.contributions?.map((each) => each.detector)).toContain(detector)
})

it('what is less than definite waits for the budget, and so does what was judged to be harmless', () => {
  expect(findings(replayed('bob', BERLIN_IP, CHROME))).toEqual([])
  expect(findings(story(wrong('carol', 15, 'credentials_rejected'), signsIn('carol')))).toEqual([])
  expect(findings(story(wrong('dave', 6, 'mfa_rejected')))).toEqual([])
  expect(findings(replayed('alice', TOKYO_IP, CHROME), ['user:alice'])).toEqual([])
})
