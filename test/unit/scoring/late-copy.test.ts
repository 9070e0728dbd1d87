import { describe, expect, it } from 'vitest'
import { decisionKey, type Decision } from '../../../schemas/decision.ts'
import { accessActivity, accessDecisions, accessScored, type LogTopic } from '../../../schemas/topics.ts'
import { replay } from '../../../services/scoring/replay.ts'
import { subjectStage } from '../../../services/scoring/worker.ts'
import { decisionOf, partsOf, testEnrich } from '../../support/scoring/play.ts'

/** Requests of nobody from one network: more of them than a source keeps ids. */
const COUNT = 100

function refused(boot_id: string, seq: number): Decision {
  return decisionOf('nobody', seq * 1000, {
    id: `${boot_id}-${seq}`,
    outcome: 'deny',
    reasons: ['token_invalid'],
    subject: { type: 'anonymous', id: 'anonymous' },
    pep: { id: 'gw', boot_id, seq },
  })
}

function idsOn(topic: LogTopic, decisions: readonly Decision[]): string[] {
  const records = decisions.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) }))
  const { outputs } = replay(subjectStage(testEnrich()), partsOf(accessDecisions, records, 50))
  return outputs.filter((one) => one.topic === topic).map(({ headers }) => headers?.['ce_id'] ?? '')
}

describe('a decision of nobody that comes a second time, long after the first', () => {
  const once = Array.from({ length: COUNT }, (_, seq) => refused('boot-a', seq))

  it('is told to its source once, and passed on to the store as often as it comes', () => {
    const twice = [...once, ...once]
    expect(idsOn(accessActivity, twice)).toEqual(once.map(({ id }) => `${id}.source`))
    expect(idsOn(accessScored, twice)).toEqual(twice.map(({ id }) => id))
  })

  it('is told from one of another boot with the same number', () => {
    const other = Array.from({ length: COUNT }, (_, seq) => refused('boot-b', seq))
    const mixed = once.flatMap((decision, seq) => [decision, other[seq] ?? decision])
    expect(idsOn(accessActivity, [...mixed, ...once])).toHaveLength(2 * COUNT)
  })
})
