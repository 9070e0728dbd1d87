import { describe, expect, it } from 'vitest'
import { detectorScenario } from '../support/scoring/detector-scenario.ts'
import { CHROME, FIREFOX, HOUR, LONDON_IP, MINUTE, play, story, TOKYO_IP } from '../support/scoring/play.ts'

const FIREFOX_141 = FIREFOX.replaceAll('140.0', '141.0')
const inSession = (who: string, ip: string, userAgent: string, device?: string) => () => ({
  subject: { type: 'user' as const, id: who, session_id: `session-of-${who}` },
  context: { ip, user_agent: userAgent },
  ...(device !== undefined && { device: { id: device } }),
})
const found = (decisions: Parameters<typeof play>[0]) =>
  play(decisions)
    .findings.filter((f) => f.detector.id === 'session-replay')
    .map((f) => [f.entity.id, f.risk_level, f.observed_at])

const owner = { who: 'alice', everyMs: 10_000, times: 60, each: inSession('alice', '192.0.2.10', FIREFOX) }
const thief = {
  who: 'alice',
  fromMs: 5 * MINUTE + 1,
  everyMs: 20_000,
  times: 5,
  each: inSession('alice', TOKYO_IP, CHROME),
}

detectorScenario('session-replay', {
  decisions: story(
    owner,
    thief,
    { who: 'bob', everyMs: 10_000, times: 30, each: inSession('bob', '192.0.2.10', FIREFOX) },
    {
      who: 'bob',
      fromMs: HOUR,
      everyMs: 10_000,
      times: 30,
      each: inSession('bob', LONDON_IP, FIREFOX_141),
    },
  ),
  finds: 'a copied cookie at its first use',
  found: [['user:alice', 'HIGH', '2026-01-01T00:05:00.001Z']],
  spares: 'bob, whose browser updates itself on a train to London',
  bystanders: ['user:bob'],
})

describe('session replay', () => {
  it('the owner, who goes on beside the thief, is not what is found', () => {
    const { scored } = play(story(owner, thief))
    const scores = scored.map(({ decision, scores: all }) => [
      decision.context?.ip,
      (all['session-replay'] ?? 0) > 0,
    ])
    expect(scores.filter(([ip, strange]) => (ip === TOKYO_IP) !== strange)).toEqual([])
  })

  it('a thief with the same browser is found where the device is bound; carol without one is not', () => {
    expect(
      found(
        story(
          {
            who: 'alice',
            everyMs: 10_000,
            times: 9,
            each: inSession('alice', '192.0.2.10', FIREFOX, 'laptop'),
          },
          { who: 'alice', fromMs: 2 * MINUTE, each: inSession('alice', LONDON_IP, FIREFOX) },
          { who: 'alice', fromMs: 3 * MINUTE, each: inSession('alice', LONDON_IP, FIREFOX, 'other') },
          { who: 'carol', everyMs: 10_000, times: 9, each: inSession('carol', '192.0.2.10', FIREFOX) },
          { who: 'carol', fromMs: 2 * MINUTE, each: inSession('carol', LONDON_IP, FIREFOX) },
        ),
      ),
    ).toEqual([
      ['user:alice', 'MEDIUM', '2026-01-01T00:02:00.000Z'],
      ['user:alice', 'HIGH', '2026-01-01T00:03:00.000Z'],
    ])
  })

  it('the owner’s header with another handshake is found from another network; dave, whose browser is renewed on the way, is not', () => {
    const hello = (who: string, ip: string, agent: string, tls: string) => () => ({
      ...inSession(who, ip, agent)(),
      context: { ip, user_agent: agent, tls_fingerprint: tls },
    })
    const begin = (who: string) => ({
      who,
      everyMs: 10_000,
      times: 9,
      each: hello(who, '192.0.2.10', FIREFOX, 't13d1517h2_aaaa'),
    })
    const after = (who: string, agent: string) => ({
      who,
      fromMs: 2 * MINUTE,
      everyMs: 10_000,
      times: 3,
      each: hello(who, LONDON_IP, agent, 't13d1715h2_bbbb'),
    })
    const decisions = story(
      begin('alice'),
      after('alice', FIREFOX),
      begin('dave'),
      after('dave', FIREFOX_141),
    )
    expect(found(decisions)).toEqual([['user:alice', 'HIGH', '2026-01-01T00:02:00.000Z']])
  })

  it('a token that programs share is nobody’s session', () => {
    const hosts = ['192.0.2.10', TOKYO_IP, LONDON_IP]
    const decisions = story({
      who: 'builder',
      times: 30,
      each: (i) => ({
        subject: { type: 'service', id: 'builder', session_id: 'shared' },
        context: { ip: hosts[i % 3] ?? '', user_agent: i % 2 === 0 ? CHROME : FIREFOX },
      }),
    })
    expect(found(decisions)).toEqual([])
  })
})
