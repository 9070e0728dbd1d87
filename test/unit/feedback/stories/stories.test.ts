import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Alert } from '../../../../schemas/alert.ts'
import { Story } from '../../../../schemas/story.ts'
import { MORNING_MS, finding, subject } from '../../../support/scoring/findings.ts'
import { Desk } from '../../../support/feedback/ledger-desk.ts'

const told = fc.record({
  who: fc.integer({ min: 0, max: 5 }),
  device: fc.option(fc.integer({ min: 0, max: 3 })),
  source: fc.option(fc.integer({ min: 0, max: 2 })),
  atMs: fc.integer({ min: 0, max: 4 * 3_600_000 }),
  nats: fc.constantFrom(2, 4, 5.5),
  technique: fc.constantFrom('T1078', 'T1110', 'T1110.003', 'T1213'),
})

describe('any sequence of findings', () => {
  it('puts each into exactly one story, counts each once, and pages at most once a story', () => {
    fc.assert(
      fc.property(fc.array(told, { minLength: 1, maxLength: 40 }), (all) => {
        const desk = new Desk({ min_count: 1000 })
        const alerts = new Map<string, Alert>()
        for (const [index, { who, device, source, atMs, nats, technique }] of all.entries()) {
          desk.now_ms = Math.max(desk.now_ms, MORNING_MS + atMs)
          const records = desk.take(
            finding({
              id: `f-${index}`,
              entity: subject(`u${who}`),
              entities: [
                ...(device === null ? [] : [{ type: 'device' as const, id: `d${device}` }]),
                ...(source === null ? [] : [{ type: 'source' as const, id: `198.51.10${source}.0/24` }]),
              ],
              at_ms: MORNING_MS + atMs,
              evidence_nats: nats,
              risk_level: nats === 5.5 ? 'HIGH' : 'MEDIUM',
              technique,
            }),
          )
          for (const { topic, value } of records) {
            if (topic.name !== 'alerts.outbox.v1') continue
            const alert = Alert.parse(JSON.parse(String(value)))
            expect(alert.revision).toBe((alerts.get(alert.id)?.revision ?? 0) + 1)
            alerts.set(alert.id, alert)
          }
        }
        const stories = [...desk.open, ...desk.closed].map((story) => Story.parse(story))
        const standing = stories.filter(({ state }) => state !== 'merged')
        const ids = standing.flatMap(({ finding_ids }) => finding_ids)
        expect(ids.toSorted((a, b) => a.localeCompare(b))).toEqual(
          all.map((_, index) => `f-${index}`).toSorted((a, b) => a.localeCompare(b)),
        )
        expect(standing.reduce((sum, story) => sum + story.findings_total, 0)).toBe(all.length)
        const firing = [...alerts.values()].filter(({ state }) => state === 'firing')
        expect(new Set(firing.map(({ story_id }) => story_id)).size).toBe(firing.length)
        for (const { story_id } of firing)
          expect(standing.some(({ id, risk_level }) => id === story_id && risk_level === 'HIGH')).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
