import { describe, expect, it } from 'vitest'
import { LONDON_IP, OFFICE_IP, play, story, TOKYO_IP } from '../support/play.ts'

const signIn = { name: 'sign_in' }
const fails =
  (ip: string, reason: 'credentials_rejected' | 'account_unknown' = 'credentials_rejected') =>
  () => ({
    outcome: 'deny' as const,
    reasons: [reason],
    action: signIn,
    context: { ip },
  })

describe('spray', () => {
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
    ...(index % 2 === 0
      ? [{ who: `clerk-${index}`, fromMs: index * 1500 + 700, each: fails(OFFICE_IP) }]
      : []),
  ]).flat()

  it('one network that fails on fifteen accounts is found at the tenth, and the one that gives way is named; the office, where people mistype, is not', () => {
    const { findings } = play(
      story(
        ...sprayed,
        { who: 'person-3', fromMs: 40_000, each: () => ({ action: signIn, context: { ip: TOKYO_IP } }) },
        ...office,
      ),
    )
    const spray = findings.filter((f) => f.detector.id === 'spray')
    expect(spray.map((f) => [f.entity.id, f.revision, f.risk_level, f.observed_at])).toEqual([
      ['203.0.113.0/24', 1, 'MEDIUM', '2026-01-01T00:00:18.000Z'],
      ['203.0.113.0/24', 2, 'MEDIUM', '2026-01-01T00:00:40.000Z'],
    ])
    expect(spray[1]?.summary).toContain('signed in as user:person-3')
    expect(spray[1]?.entities).toContainEqual({ type: 'subject', id: 'user:person-12' })
  })

  it('is found as well when its tries come in another order', () => {
    const decisions = story(...sprayed)
    const shuffled = decisions
      .map((_, index) => decisions[(index * 7) % decisions.length] ?? decisions[0])
      .flatMap((each) => each ?? [])
    const { findings } = play(shuffled)
    expect(findings.map((f) => [f.detector.id, f.entity.id])).toEqual([['spray', '203.0.113.0/24']])
  })

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

  it('is not hidden by one account that does a lot from the same network', () => {
    const busy = { who: 'busy', times: 600, everyMs: 50, each: () => ({ context: { ip: TOKYO_IP } }) }
    const { findings } = play(story(...sprayed, busy))
    expect(findings.some((f) => f.detector.id === 'spray' && f.entity.id === '203.0.113.0/24')).toBe(true)
  })
})
