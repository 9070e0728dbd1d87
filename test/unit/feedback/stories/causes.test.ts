import { expect, it } from 'vitest'
import { absorb, openStory } from '../../../../services/feedback/stories/tell.ts'
import { finding } from '../../../support/scoring/findings.ts'

const part = (detector: string, nats: number, cause: 'device' | 'location' | 'path') => ({
  detector,
  technique: 'T1078',
  nats,
  share: 0,
  cause,
})

it('a story names every cause of what all detectors say together that would count for a revoke, and no lesser one', () => {
  const together = finding({
    cause: 'device',
    evidence_nats: 6,
    evidence: { joint_nats_of_a_finding: 8 },
    contributions: [
      part('unfamiliar-context', 12, 'device'),
      part('impossible-travel', 9, 'location'),
      part('rare-resource', 1, 'path'),
    ],
  })
  expect(openStory(together).causes).toEqual(['device', 'location'])
  expect(absorb(openStory(finding({ id: 'f-before', cause: 'rate' })), together).causes).toEqual([
    'rate',
    'device',
    'location',
  ])
})
