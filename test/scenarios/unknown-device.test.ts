import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../schemas/decision.ts'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { BERLIN_IP, CHROME, DAY, HOUR, MINUTE, play, story, type Part } from '../support/scoring/play.ts'

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1'

function found(decisions: Parameters<typeof play>[0]): string[] {
  const { findings } = play(decisions)
  const own = findings.filter((f) => f.detector.id === 'unknown-device')
  return [...new Set(own.map((f) => `${f.entity.id} ${f.first_observed_at.slice(0, 10)}`))]
}

const context = { ip: BERLIN_IP, user_agent: CHROME }
const laptop = (who: string): Partial<DecisionInput> => ({ context, device: { id: `lt-${who}` } })

/** The same provider's, in another house. */
const away = { ip: BERLIN_IP.replace(/\d+$/, '9'), user_agent: CHROME }
/** Six days at the same laptop. */
function habit(who: string): Part[] {
  return Array.from({ length: 6 }, (_, day) => ({
    who,
    fromMs: day * DAY + 9 * HOUR,
    everyMs: 11 * MINUTE,
    times: 10,
    each: () => laptop(who),
  }))
}

const evening = (who: string, day: number, over: Partial<DecisionInput> = {}): Part => ({
  who,
  fromMs: day * DAY + 19 * HOUR,
  everyMs: MINUTE,
  times: 5,
  each: () => ({ context: away, ...over }),
})

detectorScenario('unknown-device', {
  decisions: story(
    ...habit('alice'),
    evening('alice', 6),
    ...habit('bob').map((each) => ({ ...each, each: () => ({ context }) })),
    evening('bob', 6),
    ...habit('carol'),
    evening('carol', 6, { context: { ip: BERLIN_IP, user_agent: PHONE } }),
  ),
  finds: 'the same browser at the same provider without the laptop',
  found: [['user:alice', 'HIGH', '2026-01-07T19:00:00.000Z']],
  spares: 'whose computer was never known, and a telephone',
  bystanders: ['user:bob', 'user:carol'],
})

describe('unknown device', () => {
  it('a computer of her own at the very address of her laptop or telephone is not found', () => {
    const phone = [1, 2, 3, 4, 5, 6].map((day) =>
      evening('grace', day, { context: { ip: away.ip, user_agent: PHONE } }),
    )
    const decisions = story(
      ...habit('alice'),
      evening('alice', 6, { context }),
      ...habit('grace'),
      ...phone,
      evening('grace', 7),
    )
    expect(found(decisions)).toEqual([])
  })

  it('whoever proves it with a key that cannot be phished is not found', () => {
    const at = Date.parse('2026-01-07T19:00:00.000Z')
    const proved = {
      subject: {
        type: 'user' as const,
        id: 'dave',
        session_id: 's',
        amr: ['hwk'],
        authenticated_at: new Date(at).toISOString(),
      },
    }
    expect(found(story(...habit('dave'), evening('dave', 6, proved)))).toEqual([])
  })

  it('a computer that comes again on other days is known', () => {
    const again = [6, 8, 10, 12, 14].map((day) => evening('erin', day))
    expect(found(story(...habit('erin'), ...again)).length).toBeLessThan(4)
  })

  it('60 visits with a known laptop, then without: 3.4', () => {
    const visits = Array.from({ length: 6 }, (_, day) => ({
      ...habit('frank')[0],
      who: 'frank',
      fromMs: day * 3 * HOUR,
      times: 10,
      everyMs: 11 * MINUTE,
      each: () => laptop('frank'),
    }))
    const { scored } = play(
      story(...visits, { who: 'frank', fromMs: 19 * HOUR, each: () => ({ context: away }) }),
    )
    expect(scored.at(-1)?.scores['unknown-device']).toBeCloseTo(3.4, 1)
  })
})
