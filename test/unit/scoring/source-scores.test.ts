import { expect, it } from 'vitest'
import type { Decision } from '../../../schemas/decision.ts'
import { decisionKey } from '../../../schemas/decision.ts'
import { accessActivity, accessDecisions, sourceScores } from '../../../schemas/topics.ts'
import { replay } from '../../../services/scoring/replay.ts'
import { sourceStage, subjectStage } from '../../../services/scoring/worker.ts'
import { DAY, decisionOf, HOUR, partsOf, testEnrich, TOKYO_IP } from '../../support/scoring/play.ts'

const NETWORK = '203.0.113.0/24'

/** What is told of the network to whoever calibrates. */
function told(decisions: readonly Decision[], batch: number) {
  const values = decisions.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
  const first = replay(subjectStage(testEnrich()), partsOf(accessDecisions, values, batch))
  const slim = first.outputs.filter(({ topic }) => topic === accessActivity)
  const second = slim.map(({ key, value }) => ({ key, value: String(value) }))
  return replay(sourceStage(), partsOf(accessActivity, second, batch))
    .outputs.filter(({ topic }) => topic === sourceScores)
    .map(({ value }) => sourceScores.schema.parse(JSON.parse(String(value))))
    .filter(({ entity }) => entity.id === NETWORK)
}

const refused = (who: string, atMs: number, over: Partial<Decision> = {}) =>
  decisionOf(who, atMs, {
    outcome: 'deny',
    reasons: ['credentials_rejected'],
    action: { name: 'sign_in' },
    context: { ip: TOKYO_IP },
    ...over,
  })

it('a network is told when it is first seen on a day and when its score rises, however decisions are cut into batches', () => {
  const decisions = [
    decisionOf('alice', 0, { context: { ip: TOKYO_IP } }),
    decisionOf('bob', HOUR, { context: { ip: TOKYO_IP } }),
    ...Array.from({ length: 12 }, (_, index) => refused(`name-${index}`, 2 * HOUR + index * 1000)),
    // As strange as before, and no more.
    refused('name-0', 2 * HOUR + 20_000),
    decisionOf('alice', DAY, { context: { ip: TOKYO_IP } }),
  ]
  const scores = told(decisions, 50)
  expect(scores.map(({ decided_at }) => decided_at.slice(0, 10))).toEqual([
    ...Array.from({ length: 12 }, () => '2026-01-01'),
    '2026-01-02',
  ])
  const rising = scores.map((each) => each.scores['spray'] ?? 0)
  expect(rising[0]).toBe(0)
  expect(rising.at(-1)).toBe(0)
  expect(rising.slice(1, -1).every((score, index) => score > (rising[index] ?? 0))).toBe(true)
  expect(Math.max(...rising)).toBeGreaterThan(10)
  expect(told(decisions, 3)).toEqual(scores)
})

it('imported history is told to nobody who calibrates', () => {
  expect(told([refused('alice', 0, { origin: 'import' })], 50)).toEqual([])
})
