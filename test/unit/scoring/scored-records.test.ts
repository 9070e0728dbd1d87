import { describe, expect, it } from 'vitest'
import { accessDecisions, accessScored } from '../../../schemas/topics.ts'
import type { LogRecord } from '../../../services/runtime/log/event-log.ts'
import { recordsOf } from '../../../services/scoring/bench/in-memory.ts'
import { replay } from '../../../services/scoring/replay.ts'
import { subjectStage } from '../../../services/scoring/worker.ts'
import { testEnrich } from '../../support/scoring/play.ts'

/** The scored decisions that follow from records with another text in place of their own. */
function scoredOf(count: number, write: (text: string) => string): string[] {
  const records: LogRecord[] = recordsOf(count, 10).map((record) => ({
    ...record,
    value: Buffer.from(write(Buffer.from(record.value ?? []).toString())),
  }))
  const { outputs } = replay(subjectStage(testEnrich()), [
    { topic: accessDecisions, partition: 0, records, first_offset: 0, last_offset: count - 1 },
  ])
  return outputs.flatMap(({ topic, value }) =>
    topic === accessScored ? [Buffer.from(value ?? '').toString()] : [],
  )
}

describe('the decision in a scored one', () => {
  const [plain = ''] = scoredOf(1, (text) => text)

  it('is the text that came, where that is what would be written', () => {
    expect(JSON.stringify(JSON.parse(plain))).toBe(plain)
  })

  it.each<[string, (text: string) => string]>([
    ['blanks', (text) => text.replaceAll(',"', ' ,\n"')],
    ['escapes', (text) => text.replaceAll('gateway', '\\u0067ateway')],
    ['keys that come twice', (text) => text.replace('"latency_us"', '"latency_us":1,"latency_us"')],
    ['numbers in another form', (text) => text.replace('"latency_us":180', '"latency_us":1.8e2')],
  ])('is written anew where there are %s', (_, write) => {
    const scored = scoredOf(1, (text) => {
      expect(write(text)).not.toBe(text)
      return write(text)
    })
    expect(scored).toEqual([plain])
  })

  it('stays as it is while others are written, and may hold any character', () => {
    const count = 1_500
    const scored = scoredOf(count, (text) => text.replace('staff', 'stäff'))
    const given = scoredOf(count, (text) => text)
    expect(scored).toHaveLength(count)
    expect(scored.map((text) => text.replace('stäff', 'staff'))).toEqual(given)
    expect(given.every((text) => JSON.stringify(JSON.parse(text)) === text)).toBe(true)
  })
})
