import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { LONDON_IP, OFFICE_IP, play, story, TOKYO_IP } from '../support/scoring/play.ts'

const signIn = { name: 'sign_in' }
const fails =
  (ip: string, reason: 'credentials_rejected' | 'account_unknown' = 'credentials_rejected') =>
  () => ({
    outcome: 'deny' as const,
    reasons: [reason],
    action: signIn,
    context: { ip },
  })

const sprayed = Array.from({ length: 15 }, (_, index) => ({
  who: `person-${index}`,
  fromMs: index * 2000,
  each: fails(TOKYO_IP),
}))
const office = Array.from({ length: 30 }, (_, index) => [
  {
    who: `clerk-${index}`,
    fromMs: index * 1500,
    each: () => ({ action: signIn, context: { ip: OFFICE_IP } }),
  },
  ...(index % 2 === 0 ? [{ who: `clerk-${index}`, fromMs: index * 1500 + 700, each: fails(OFFICE_IP) }] : []),
]).flat()

detectorScenario('spray', {
  decisions: story(
    ...sprayed,
    { who: 'person-3', fromMs: 40_000, each: () => ({ action: signIn, context: { ip: TOKYO_IP } }) },
    ...office,
  ),
  finds: 'one network that fails on fifteen accounts, at the tenth, and names the one that gives way',
  found: [['203.0.113.0/24', 'MEDIUM', '2026-01-01T00:00:18.000Z']],
  spares: 'the office, where people mistype',
  bystanders: ['192.0.2.0/24'],
  also([, taken]) {
    expect(taken).toMatchObject({ revision: 2, observed_at: '2026-01-01T00:00:40.000Z' })
    expect(taken?.summary).toContain('signed in as user:person-3')
    expect(taken?.entities).toContainEqual({ type: 'subject', id: 'user:person-12' })
  },
})

describe('spray', () => {
  it('the background of the internet, accounts that do not exist, is no finding; getting in after it is', () => {
    const noise = Array.from({ length: 30 }, (_, index) => ({
      who: `admin-${index}`,
      fromMs: index * 2000,
      each: fails(LONDON_IP, 'account_unknown'),
    }))
    expect(play(story(...noise)).findings).toEqual([])
    const taken = {
      who: 'backup',
      fromMs: 70_000,
      each: () => ({ action: signIn, context: { ip: LONDON_IP } }),
    }
    expect(play(story(...noise, taken)).findings.map((f) => [f.detector.id, f.evidence['gave_way']])).toEqual(
      [['spray', true]],
    )
  })

  it('the morning after everybody had to choose a new password is no finding: who fails gets in soon after', () => {
    const morning = Array.from({ length: 60 }, (_, index) => {
      const who = `clerk-${index}`
      return [
        { who, fromMs: index * 5000, everyMs: 4000, times: 2, each: fails(OFFICE_IP) },
        { who, fromMs: index * 5000 + 12_000, each: () => ({ action: signIn, context: { ip: OFFICE_IP } }) },
      ]
    }).flat()
    expect(play(story(...morning)).findings.filter((f) => f.detector.id === 'spray')).toEqual([])
  })

  it('one network that tries twelve accounts again and again is a broken program, and no spray', () => {
    const again = Array.from({ length: 12 }, (_, index) => ({
      who: `person-${index}`,
      // One account after the other, six times each.
      fromMs: index * 1000,
      everyMs: 100,
      times: 6,
      each: fails(TOKYO_IP),
    }))
    const once = again.map((each) => ({ ...each, times: 1 }))
    const { findings } = play(story(...again))
    expect(findings.filter((f) => f.detector.id === 'spray')).toEqual([])
    expect(play(story(...once)).findings.map((f) => f.detector.id)).toEqual(['spray'])
  })

  it('is not hidden by one account that does a lot from the same network', () => {
    const busy = { who: 'busy', times: 600, everyMs: 50, each: () => ({ context: { ip: TOKYO_IP } }) }
    const { findings } = play(story(...sprayed, busy))
    expect(findings.some((f) => f.detector.id === 'spray' && f.entity.id === '203.0.113.0/24')).toBe(true)
  })
})
