import { describe, expect, it } from 'vitest'
import { decisionKey, type Decision, type DecisionInput } from '../../../../schemas/decision.ts'
import { accessActivity, accessDecisions } from '../../../../schemas/topics.ts'
import { replay } from '../../../../services/scoring/replay.ts'
import { subjectStage } from '../../../../services/scoring/worker.ts'
import {
  BERLIN_IP,
  DAY,
  decisionOf,
  HOUR,
  MINUTE,
  partsOf,
  testEnrich,
  TOKYO_IP,
} from '../../../support/scoring/play.ts'

const failed: Partial<DecisionInput> = { outcome: 'deny', reasons: ['credentials_rejected'] }

/** Of which decisions their network is told. */
function toldOf(decisions: readonly Decision[], batch: number): string[] {
  const records = decisions.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
  return replay(subjectStage(testEnrich()), partsOf(accessDecisions, records, batch)).outputs.flatMap(
    ({ topic, value }) => {
      if (topic !== accessActivity) return []
      const { entity, decision_id } = accessActivity.schema.parse(JSON.parse(String(value)))
      return entity.type === 'source' ? [decision_id] : []
    },
  )
}

describe('what a network is told of a subject', () => {
  it.each<[string, readonly Decision[], readonly number[]]>([
    [
      'the first entry of a day, whatever follows',
      [0, 1, HOUR, 23 * HOUR, DAY, DAY + MINUTE].map((at) => decisionOf('alice', at)),
      [0, 4],
    ],
    [
      'each network by itself',
      [0, 1, 2, 3].map((at) =>
        decisionOf('alice', at * MINUTE, { context: { ip: at % 2 === 0 ? BERLIN_IP : TOKYO_IP } }),
      ),
      [0, 1],
    ],
    [
      'every refused proof of identity, and the entry after it',
      [
        decisionOf('alice', 0),
        decisionOf('alice', MINUTE, failed),
        decisionOf('alice', 2 * MINUTE, failed),
        decisionOf('alice', 3 * MINUTE),
        decisionOf('alice', 4 * MINUTE),
      ],
      [0, 1, 2, 3],
    ],
    [
      'no refusal by policy',
      [decisionOf('alice', 0, { outcome: 'deny', reasons: ['policy_deny'] }), decisionOf('alice', MINUTE)],
      [1],
    ],
    [
      'nothing of whoever is let in without a name',
      [
        decisionOf('nobody', 0, { subject: { type: 'anonymous', id: 'anonymous' } }),
        decisionOf('nobody', MINUTE, { subject: { type: 'anonymous', id: 'anonymous' }, ...failed }),
      ],
      [1],
    ],
  ])('is %s', (_, decisions, told) => {
    const expected = told.map((index) => decisions[index]?.id)
    for (const batch of [1, 50]) expect(toldOf(decisions, batch)).toEqual(expected)
  })
})
