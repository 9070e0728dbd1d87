import { describe, expect, it } from 'vitest'
import { erased } from '../../../schemas/chain.ts'
import { decisionKey } from '../../../schemas/decision.ts'
import { accessDecisions, accessScored } from '../../../schemas/topics.ts'
import { replay } from '../../../services/scoring/replay.ts'
import { subjectStage } from '../../../services/scoring/worker.ts'
import { decisionOf, partsOf, testEnrich } from '../../support/scoring/play.ts'
import { foundBy, playStory, ruleText, rulesOf } from '../../support/scoring/rules.ts'

/** Refusals as three persons by turns, each enough for a finding, of a foreign gateway that keeps no chain. */
const decisions = Array.from({ length: 240 }, (_, n) =>
  decisionOf(`person-${n % 3}`, n * 1000, { id: `d-${n}`, outcome: 'deny', reasons: ['policy_deny'] }),
)
const gone = decisions.map(erased)

const scored = (all: typeof decisions) =>
  replay(
    subjectStage(testEnrich()),
    partsOf(
      accessDecisions,
      all.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) })),
      50,
    ),
  )

describe('decisions whose persons were erased, in no chain', () => {
  it('are not scored as one subject that did everything', () => {
    expect(scored(decisions).findings.length).toBeGreaterThan(0)
    const { findings, outputs } = scored(gone)
    expect(findings).toEqual([])
    // Passed on for the store, without a score, a slim record or a state.
    expect(new Set(outputs.map(({ topic }) => topic.name))).toEqual(new Set([accessScored.name]))
    const values = outputs.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()))
    expect(values).toHaveLength(240)
    expect(values.filter(({ scores }) => Object.keys(scores).length > 0)).toEqual([])
  })

  it('match no rule', () => {
    const rule = rulesOf(ruleText('{ one: { outcome: deny }, condition: one }'))
    expect(foundBy(playStory(rule, decisions).findings)).toHaveLength(3)
    expect(foundBy(playStory(rule, gone).findings)).toEqual([])
  })
})
