import { describe, expect, it } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import {
  CHROME,
  CLOUD_IP,
  DAY,
  FIREFOX,
  LONDON_IP,
  OFFICE_IP,
  play,
  story,
  testEnrich,
} from '../support/scoring/play.ts'

const LIST = [`${CLOUD_IP}/32`, `${LONDON_IP}/32`, `${OFFICE_IP}/32`]
const from = (ip: string, user_agent = FIREFOX) => ({ context: { ip, user_agent } })
const week = (who: string, ip?: string) => ({
  who,
  everyMs: DAY,
  times: 7,
  each: () => (ip === undefined ? {} : from(ip)),
})

function found(decisions: readonly Decision[], list = LIST) {
  return play(decisions, { enrich: testEnrich(undefined, list) })
    .findings.filter(({ detector }) => detector.id === 'known-bad-source')
    .map(({ entity, risk_level, observed_at, evidence_nats }) => [
      entity.id,
      risk_level,
      observed_at,
      evidence_nats,
    ])
}

detectorScenario('known-bad-source', {
  decisions: story(
    week('alice'),
    week('bob'),
    { who: 'alice', fromMs: 7 * DAY, each: () => from(CLOUD_IP, CHROME) },
    { who: 'bob', fromMs: 7 * DAY, each: () => from('198.51.100.201', CHROME) },
  ),
  enrich: testEnrich(undefined, LIST),
  finds:
    'who comes from a listed address in a place of no habit; names list and version; weighs too little to act',
  found: [['user:alice', 'HIGH', '2026-01-08T00:00:00.000Z']],
  spares: 'who comes from its neighbour',
  bystanders: ['user:bob'],
  also([finding]) {
    expect(finding).toMatchObject({
      cause: 'signal',
      evidence_nats: 2.5,
      evidence: {
        list: 'exits',
        list_version: '2026-01-01T00:00:00.000Z sha256:0',
        ip: CLOUD_IP,
        context_new: true,
        days_here: 0,
      },
    })
  },
})

describe('known-bad source', () => {
  it('an office whose egress comes onto a list is nothing to those who are there every day, and MEDIUM to who is new there', () => {
    const office = week('carol', OFFICE_IP)
    const listed = { who: 'carol', fromMs: 7 * DAY, times: 3, each: () => from(OFFICE_IP) }
    // The same network is home to dave's neighbours: the system is new to him, the prefix is not.
    const dave = { who: 'dave', fromMs: 2 * DAY, each: () => from(OFFICE_IP) }
    expect(found(story(office, listed))).toEqual([
      ['user:carol', 'MEDIUM', '2026-01-01T00:00:00.000Z', 2.5],
      ['user:carol', 'MEDIUM', '2026-01-02T00:00:00.000Z', 2.5],
      ['user:carol', 'MEDIUM', '2026-01-03T00:00:00.000Z', 2.5],
      ['user:carol', 'MEDIUM', '2026-01-04T00:00:00.000Z', 2.5],
      ['user:carol', 'MEDIUM', '2026-01-05T00:00:00.000Z', 2.5],
    ])
    expect(found(story({ ...week('dave'), times: 2 }, dave))).toEqual([
      ['user:dave', 'MEDIUM', '2026-01-03T00:00:00.000Z', 2.5],
    ])
  })

  it('wrong passwords from a listed address say nothing of the owner; a refusal by policy does', () => {
    const guess = {
      who: 'alice',
      fromMs: 7 * DAY,
      times: 20,
      each: () => ({
        ...from(CLOUD_IP),
        outcome: 'deny' as const,
        reasons: ['credentials_rejected' as const],
      }),
    }
    const refused = {
      who: 'bob',
      fromMs: 7 * DAY,
      each: () => ({ ...from(LONDON_IP), outcome: 'deny' as const, reasons: ['policy_deny' as const] }),
    }
    expect(found(story(week('alice'), guess, week('bob'), refused))).toEqual([
      ['user:bob', 'HIGH', '2026-01-08T00:00:00.000Z', 2.5],
    ])
  })

  it('with no list finds nothing, and stores nothing of lists', () => {
    const decisions = story(week('alice'), { who: 'alice', fromMs: 7 * DAY, each: () => from(CLOUD_IP) })
    expect(found(decisions, [])).toEqual([])
    for (const { enrichment } of play(decisions, { enrich: testEnrich() }).scored)
      expect('lists' in enrichment.source).toBe(false)
  })
})
