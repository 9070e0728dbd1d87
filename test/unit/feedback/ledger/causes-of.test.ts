import { describe, expect, it } from 'vitest'
import type { Cause } from '../../../../schemas/reasons.ts'
import { causesOf } from '../../../../services/feedback/ledger/causes-of.ts'
import { finding } from '../../../support/scoring/findings.ts'

const part = (detector: string, nats: number, cause?: Cause) => ({
  detector,
  technique: 'T1078',
  nats,
  share: 0,
  ...(cause === undefined ? {} : { cause }),
})

describe('the causes of a finding', () => {
  it('is its own, with all of its evidence, where one detector found it', () => {
    expect([...causesOf(finding({ evidence_nats: 5 }))]).toEqual([['location', 5]])
  })

  it('are those of all that it rests on, by their share', () => {
    const contributions = [part('rare-resource', 6, 'path'), part('unknown-device', 6, 'device')]
    expect([...causesOf(finding({ evidence_nats: 5, contributions }))]).toEqual([
      ['path', 2.5],
      ['device', 2.5],
    ])
  })

  it('weigh no less than a finding of their own, each that would be one by itself', () => {
    const contributions = [
      part('unfamiliar-context', 9, 'device'),
      part('impossible-travel', 9, 'location'),
      part('session-replay', 3, 'credential'),
    ]
    const evidence = { joint_nats_of_a_finding: 8 }
    expect([...causesOf(finding({ evidence_nats: 6, contributions, evidence }))]).toEqual([
      ['device', 4],
      ['location', 4],
      ['credential', (6 * 3) / 21],
    ])
  })

  it('are no findings of their own beside what is definite, which opens a finding with less', () => {
    const contributions = [part('mfa-fatigue', 4, 'credential'), part('rare-resource', 2, 'path')]
    const evidence = { joint_nats_of_a_finding: 2 }
    expect([...causesOf(finding({ evidence_nats: 6, contributions, evidence }))]).toEqual([
      ['credential', 4],
      ['path', 2],
    ])
  })

  it('count what was said before it was opened for its own, and a list for no more than a list may weigh', () => {
    const contributions = [part('rare-resource', 1), part('known-bad-source', 11, 'signal')]
    expect([...causesOf(finding({ evidence_nats: 6, contributions }))]).toEqual([
      ['location', 0.5],
      ['signal', 2.5],
    ])
  })
})
