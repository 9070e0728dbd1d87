import { describe, expect, it } from 'vitest'
import { textOf } from '../stored-records.ts'
import type { LogUnderTest } from './log-under-test.ts'

export function readSuite(under: LogUnderTest): void {
  describe('read', () => {
    it('gives a range, in batches of at most max_records', async () => {
      const from = under.topic()
      await under.log.append(
        Array.from({ length: 50 }, (_, i) => ({ topic: from, key: 'k', value: String(i), partition: 0 })),
      )
      const batches: string[][] = []
      for await (const batch of under.log.read(from, { partition: 0, from: 10, to: 35, max_records: 10 })) {
        batches.push(batch.map(({ value }) => textOf(value)))
      }
      expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5])
      expect(batches.flat()).toEqual(Array.from({ length: 25 }, (_, i) => String(i + 10)))
    })
  })
}
